"""The socket's one address; every other is refused before it is accepted."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from .consumer import ChatConsumer
from .middleware import TokenMiddleware
from .origins import OriginMiddleware


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    # Without this route a scan of addresses fills the log with tracebacks.
    await receive()
    await send({"type": "websocket.close", "code": 1000})


# The token comes out before anything copies the scope: servers log from the original.
application = OriginMiddleware(
    TokenMiddleware(
        URLRouter(
            [
                path("ws/v1", ChatConsumer.as_asgi()),  # type: ignore[arg-type,list-item]
                re_path("", refuse),  # type: ignore[arg-type,list-item]
            ]
        )
    )
)
