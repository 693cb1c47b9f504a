"""HTTP to Django: a request's middleware and its view run in one go, in one thread.

All of that is synchronous here. Django's own ASGI handler moves each part from the
event loop into a thread and back, with a new thread for each request. That took more
CPU than the request itself (docs/decisions/0014).
"""

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any, cast

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from core.errors import Refusal
from core.limits.table import LIMITS
from core.network import client_of, network_of
from core.threads import in_request_thread

from . import downloads
from .pools import Busy, Pool
from .refusals import refuse
from .request_counts import count_answer, set_route
from .turns import Turns

# Needs no database, and must be answered while all threads wait for the database.
_ALIVE = "/healthz"


class Handler(ASGIHandler):
    """Sends a short answer even to a client that has gone, and stops a long one."""

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
                response = await self._in_turn(scope, body)
            except Busy as refusal:
                await refuse(scope, send, refusal)
                return
            if downloads.is_long(response):
                await self._send_long(scope, receive, send, response)
            else:
                count_answer(scope, response.status_code)
                await self.send_response(response, send)

    async def read_body(self, receive: Any) -> Any:
        """The body in a file that is in memory up to the size of an ordinary request.

        Django's own would keep 2.5 MB in memory before it takes to the disk.
        """
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

    async def _in_turn(self, scope: Any, body: Any) -> HttpResponseBase:
        """Raises Busy when the network's turn did not come in time."""
        if scope["path"] == _ALIVE:
            return self._answer(scope, body)
        network = network_of(client_of(scope))
        return await self._turns.run(network, self._answer, scope, body)

    def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        """Run middleware and view. Unless it streams, the response is complete then.

        Django's signals of a request are not sent. They would close the database's
        connection and forget its queries, as core/threads.py does after all work.
        """
        set_script_prefix(get_script_prefix(scope))
        request, error = self.create_request(scope, body)
        answer = self.get_response(request) if request else error
        response = cast(HttpResponseBase, answer)
        if isinstance(response, FileResponse):
            file = response.file_to_stream or BytesIO()
            response.streaming_content = downloads.pieces(file)
        if request:
            set_route(scope, request)
            if not response.streaming:
                request.close()
        return response

    async def _send_long(
        self, scope: Any, receive: Any, send: Any, response: HttpResponseBase
    ) -> None:
        try:
            with self._downloads.share(network_of(client_of(scope))) as place:
                place.take(1)
                count_answer(scope, response.status_code)
                sending = self.send_response(response, send)
                await downloads.send_in_time(scope, receive, response, sending)
        except Refusal as refusal:
            await refuse(scope, send, refusal)
        finally:
            await in_request_thread(response.close)
