"""Which pages may open the socket: refused before the handshake is accepted.

No cookie is ever used here, so a missing Origin is fine: bots and phones have none.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from core.audit import Event, record_refusal


class OriginMiddleware:
    """Lets in the page we serve ourselves and those of ALLOWED_ORIGINS."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if is_allowed(scope["headers"]):
            await self.inner(scope, receive, send)
            return
        record_refusal(Event.ORIGIN_REFUSED)
        await refuse(scope, receive, send)


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Before it is accepted, which the servers answer with 403."""
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
    """The page came from the host that the socket goes to, and that host is ours."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    parts = urlsplit(origin)
    # Where all is https, a page that came without it may be anybody's.
    schemes = {"https"} if settings.SECURE_SSL_REDIRECT else {"http", "https"}
    if len(hosts) != 1 or parts.scheme not in schemes:
        return False
    # Checked by Django's own rule, so that DNS rebinding finds no way in.
    return origin == f"{parts.scheme}://{hosts[0]}" and _is_our_host(hosts[0])


def _is_our_host(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
