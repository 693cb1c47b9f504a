"""Which pages may open the socket. Others are refused before the handshake is accepted.

No cookie is ever used here, so a missing Origin is fine: bots and apps send none.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from core.audit import Event, record_refusal


class OriginMiddleware:
    """Lets in the page that this server serves, and the pages of ALLOWED_ORIGINS."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if is_allowed(scope["headers"]):
            await self.inner(scope, receive, send)
            return
        record_refusal(Event.ORIGIN_REFUSED)
        await refuse(scope, receive, send)


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Close before accepting; the servers answer that with 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})


def is_allowed(headers: list[tuple[bytes, bytes]]) -> bool:
    origins = [value for name, value in headers if name == b"origin"]
    if not origins:
        return True
    if len(origins) > 1:
        return False
    origin = origins[0].decode("latin-1")
    return origin in settings.ALLOWED_ORIGINS or _is_own(origin, headers)


def _is_own(origin: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the page comes from the host that the socket goes to, and it is ours."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    # Behind TLS, a page that came without it may be anybody's.
    schemes = {"https"} if settings.SECURE_SSL_REDIRECT else {"http", "https"}
    scheme = urlsplit(origin).scheme
    if len(hosts) != 1 or scheme not in schemes or origin != f"{scheme}://{hosts[0]}":
        return False
    # Django's own rule for hosts, so that DNS rebinding finds no way in.
    domain, _ = split_domain_port(hosts[0])
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
