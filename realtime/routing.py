"""The socket's one address. Every other is refused before it is accepted."""

from channels.routing import URLRouter
from django.urls import path, re_path

from .consumer import ChatConsumer
from .handshake.origins import OriginMiddleware, refuse
from .handshake.tls import EncryptionMiddleware
from .handshake.token import TokenMiddleware

# The token leaves the scope before anything copies it, since servers log from the
# original.
application = EncryptionMiddleware(
    OriginMiddleware(
        TokenMiddleware(
            URLRouter(
                [
                    path("ws/v1", ChatConsumer.as_asgi()),  # type: ignore[arg-type,list-item]
                    # Without this, a scan of addresses fills the log with tracebacks.
                    re_path("", refuse),  # type: ignore[arg-type,list-item]
                ]
            )
        )
    )
)
