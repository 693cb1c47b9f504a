"""HTTP to Django: a request's middleware and its view run in one go, in one thread.

All of it is synchronous here. Django's own ASGI handler takes it from the event loop
into a thread and back for each part, in a new thread for each request: that took more
CPU than the request (docs/decisions/0014).
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, cast
from weakref import WeakValueDictionary

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from chat.addresses import client_of, network_of
from chat.errors import Unavailable
from realtime.database import REQUEST_THREADS, in_request_thread

from .refusals import refuse

# Whatever a network sends: more would do no more in Python, and the sockets would wait.
THREADS_PER_NETWORK = 2
# As long as a command may take. Without the database each request takes so long.
WAIT_SECONDS = 5
# Asks nothing of the database, and must be answered when all threads wait for it.
_ALIVE = "/healthz"


class Busy(Unavailable):
    detail = "Too much is asked at once. Try again."


class Handler(ASGIHandler):
    """A client that goes away is answered all the same, but for files."""

    def __init__(self) -> None:
        super().__init__()
        self._free = asyncio.Semaphore(REQUEST_THREADS)
        # Of each network that asks. Whoever holds or awaits one keeps it here.
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

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
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                await _until_gone(receive, self.send_response(response, send))
            finally:
                await in_request_thread(response.close)

    async def _answered(self, scope: Any, body: Any) -> HttpResponseBase:
        """Raises Busy when its turn did not come in time."""
        if scope["path"] == _ALIVE:
            return self._answer(scope, body)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await held.enter_async_context(self._turn(scope))
                    await held.enter_async_context(self._free)
            except TimeoutError:
                raise Busy(retry_after=WAIT_SECONDS) from None
            return await in_request_thread(self._answer, scope, body)

    def _turn(self, scope: Any) -> asyncio.Semaphore:
        network = network_of(client_of(scope))
        return self._turns.setdefault(network, asyncio.Semaphore(THREADS_PER_NETWORK))

    def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        """From the first middleware to the last. What is no stream is complete then."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        answer = self.get_response(request) if request else refusal
        response = cast(HttpResponseBase, answer)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response


async def _until_gone(receive: Any, sending: Coroutine[Any, Any, None]) -> None:
    """Send to the end, or until the client is gone: servers do not say so in `send`."""
    sent, gone = asyncio.create_task(sending), asyncio.create_task(receive())
    try:
        await asyncio.wait([sent, gone], return_when=asyncio.FIRST_COMPLETED)
    finally:
        sent.cancel()
        gone.cancel()
        await asyncio.gather(sent, gone, return_exceptions=True)
    if not sent.cancelled():
        # Raises what went wrong, so that the server cuts the connection.
        sent.result()
