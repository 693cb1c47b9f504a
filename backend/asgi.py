"""The ASGI application: HTTP to Django, sockets to the realtime door."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

# Loads the applications; what follows imports their models.
http = get_asgi_application()

from backend.bodies import OVERHEAD, CutOff  # noqa: E402
from chat.limits import LIMITS  # noqa: E402
from realtime.routing import application as websocket  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": CutOff(http, LIMITS.attachment_bytes + OVERHEAD),
        "websocket": websocket,
    }
)
