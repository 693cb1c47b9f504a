"""No socket without TLS where PUBLIC_URL says https: its first line holds a token.

HTTP is redirected (SECURE_SSL_REDIRECT); browsers follow no redirect with a socket.
"""

import logging
from typing import Any

from django.conf import settings

from .origins import refuse

logger = logging.getLogger(__name__)


class EncryptionMiddleware:
    """TLS that a proxy ended counts, if it is one of TRUSTED_PROXIES."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("scheme", "ws") == "wss" or not settings.SECURE_SSL_REDIRECT:
            await self.inner(scope, receive, send)
            return
        logger.warning("socket refused: it came without TLS")
        await refuse(scope, receive, send)
