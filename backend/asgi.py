"""The ASGI application: HTTP to Django, sockets to the realtime door.

Both behind the proxies of TRUSTED_PROXIES, whichever server runs it.
"""

import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

# Loads the applications; what follows imports their models.
django.setup(set_prefix=False)

from core import audit  # noqa: E402
from core.network import client_of  # noqa: E402
from realtime.routing import application as websocket  # noqa: E402

from .bodies import BodyLimit  # noqa: E402
from .http import Handler  # noqa: E402
from .turns import Turns  # noqa: E402

_turns = Turns()
_http = BodyLimit(Handler(_turns), _turns)
_doors = ProtocolTypeRouter({"http": _http, "websocket": websocket})


async def _asked(scope: Any, receive: Any, send: Any) -> None:
    audit.set_client_address(client_of(scope))
    await _doors(scope, receive, send)


# The client is the last address of X-Forwarded-For that is no proxy of ours.
application = ProxyHeadersMiddleware(_asked, trusted_hosts=settings.TRUSTED_PROXIES)
