"""No socket without TLS where PUBLIC_URL says https: its first line holds a token.

HTTP is redirected (SECURE_SSL_REDIRECT); browsers follow no redirect with a socket.
"""

from typing import Any

from django.conf import settings

from core.audit import Event, record_refusal

from .origins import refuse


class EncryptionMiddleware:
    """TLS that a proxy ended counts, if it is one of TRUSTED_PROXIES."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("scheme", "ws") == "wss" or not settings.SECURE_SSL_REDIRECT:
            await self.inner(scope, receive, send)
            return
        record_refusal(Event.UNENCRYPTED_REFUSED)
        await refuse(scope, receive, send)
