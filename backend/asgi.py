"""The ASGI application: HTTP goes to Django, sockets go to the realtime door.

Whichever server runs it, both take the client's address from TRUSTED_PROXIES.
"""

import os
from typing import Any

import django
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

# Loads the applications, since the imports below need their models.
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


async def app(scope: Any, receive: Any, send: Any) -> None:
    audit.set_client_address(client_of(scope))
    await _doors(scope, receive, send)


# The client's address is the last one of X-Forwarded-For that is no trusted proxy.
application = ProxyHeadersMiddleware(app, trusted_hosts=settings.TRUSTED_PROXIES)
