"""HTTP to Django: a request's middleware and its view run in one go, in one thread.

All of it is synchronous here. Django's own ASGI handler takes it from the event loop
into a thread and back for each part, in a new thread for each request: that took more
CPU than the request (docs/decisions/0014).
"""

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any, cast

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from core.errors import Refusal
from core.limits.table import LIMITS
from core.network import client_of, network_of
from core.threads import in_request_thread

from . import downloads
from .pools import Busy, Pool
from .refusals import refuse
from .turns import Turns

# Asks nothing of the database, and must be answered when all threads wait for it.
_ALIVE = "/healthz"


class Handler(ASGIHandler):
    """A client that goes away is answered all the same, unless the answer is long."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns
        self._downloads = Pool("downloads", downloads.AT_ONCE)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            try:
                response = await self._answered(scope, body)
            except Busy as refusal:
                await refuse(scope, send, refusal)
                return
            if _is_long(response):
                await self._send_long(scope, receive, send, response)
            else:
                await self.send_response(response, send)

    async def read_body(self, receive: Any) -> Any:
        """Django's keeps 2.5 MB of a body in memory before it takes to the disk."""
        body = SpooledTemporaryFile(LIMITS.request_bytes)  # noqa: SIM115  (returned)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            body.write(message.get("body", b""))
            if not message.get("more_body", False):
                body.seek(0)
                return body

    async def _answered(self, scope: Any, body: Any) -> HttpResponseBase:
        """Raises Busy when its turn did not come in time."""
        if scope["path"] == _ALIVE:
            return self._answer(scope, body)
        network = network_of(client_of(scope))
        return await self._turns.run(network, self._answer, scope, body)

    def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        """From the first middleware to the last. What is no stream is complete then."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        answer = self.get_response(request) if request else refusal
        response = cast(HttpResponseBase, answer)
        if isinstance(response, FileResponse):
            file = response.file_to_stream or BytesIO()
            response.streaming_content = downloads.pieces(file)
        if not response.streaming:
            response.close()
        return response

    async def _send_long(
        self, scope: Any, receive: Any, send: Any, response: HttpResponseBase
    ) -> None:
        try:
            with self._downloads.lease(network_of(client_of(scope))) as place:
                place.take(1)
                sending = self.send_response(response, send)
                await downloads.in_time(scope, receive, response, sending)
        except Refusal as refusal:
            await refuse(scope, send, refusal)
        finally:
            await in_request_thread(response.close)


def _is_long(response: HttpResponseBase) -> bool:
    if response.streaming:
        return True
    return len(cast(HttpResponse, response).content) > downloads.PIECE
