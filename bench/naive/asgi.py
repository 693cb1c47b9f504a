"""The baseline's ASGI application."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.naive.settings")

# This sets Django up, and only then can the consumer's model be imported.
http = get_asgi_application()

from bench.naive.consumers import ChatConsumer  # noqa: E402

# Django's stubs know only views; Channels' stubs know only their own kind of pattern.
chat: Any = re_path(
    r"ws/chat/(?P<room_name>\w+)/$",
    ChatConsumer.as_asgi(),  # type: ignore[arg-type]
)

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([chat]),
    }
)
