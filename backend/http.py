"""HTTP to Django: a request's middleware and its view run in one go, in one thread.

Every middleware here is synchronous. Django's own ASGI handler asks each of them from
the event loop, before and after the view: twenty changes of thread for one request,
which took more CPU than the request (docs/decisions/0014).
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class Handler(ASGIHandler):
    # Django's, and not typed there.
    _middleware_chain: Any

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        self._middleware_chain = sync_to_async(self._middleware_chain)
