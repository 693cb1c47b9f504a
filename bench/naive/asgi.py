"""The baseline's one door."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.naive.settings")

# The consumer's model can be imported only when this has set Django up.
http = get_asgi_application()

from bench.naive.consumers import ChatConsumer  # noqa: E402

# Django's stubs know views only, Channels' stubs their own kind of pattern.
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
