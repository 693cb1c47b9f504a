"""Refuses sockets without TLS where PUBLIC_URL says https: their handshake has a token.

HTTP requests are redirected instead (SECURE_SSL_REDIRECT), but a browser's WebSocket
follows no redirect.
"""

from typing import Any

from django.conf import settings

from core.audit import Event, record_refusal

from .origins import refuse


class EncryptionMiddleware:
    """A scope is `wss`, too, when one of TRUSTED_PROXIES ended the TLS."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("scheme", "ws") == "wss" or not settings.SECURE_SSL_REDIRECT:
            await self.inner(scope, receive, send)
            return
        record_refusal(Event.UNENCRYPTED_REFUSED)
        await refuse(scope, receive, send)
