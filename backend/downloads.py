"""Long answers: sent in pieces, within a time that a slow phone can meet.

Each one keeps its file open, or all of its content in memory, until the client has read
it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol, cast

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.http.response import HttpResponseBase

# In one process, of all networks together (pools.py).
AT_ONCE = 384
PIECE = 65_536
# A client that reads more slowly than this is cut off. One that stops reading is found
# much sooner, by realtime/server/stalled_answers.py.
START_SECONDS = 60.0
LEAST_BYTES_PER_SECOND = 16_384


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_long(response: HttpResponseBase) -> bool:
    """Whether the answer is sent in pieces, or one that is as long."""
    if response.streaming:
        return True
    return len(cast(HttpResponse, response).content) > PIECE


async def pieces(file: Readable) -> AsyncIterator[bytes]:
    """The content of a file, each piece read when the one before it has been sent.

    It must be an asynchronous iterator: Django reads all of a synchronous one into
    memory first.
    """
    read = sync_to_async(file.read, thread_sensitive=False)
    while piece := await read(PIECE):
        yield piece


async def send_in_time(
    scope: Any,
    receive: Any,
    response: HttpResponseBase,
    sending: Coroutine[Any, Any, None],
) -> None:
    """Send until the end, until the client is gone, or until it has taken too long."""
    size = int(response.headers.get("Content-Length", 0))
    end = asyncio.timeout(START_SECONDS + size / LEAST_BYTES_PER_SECOND)
    try:
        async with end:
            await _send_until_gone(receive, sending)
    except TimeoutError:
        if not end.expired():
            raise
        # Ends the connection without the rest of the answer. Our uvicorn alone offers
        # this (realtime/server/stalled_answers.py). daphne takes a whole answer as fast
        # as we send it, so that no client is too slow for us there.
        if cut := scope.get("extensions", {}).get("hubbub.cut"):
            cut()


async def _send_until_gone(receive: Any, sending: Coroutine[Any, Any, None]) -> None:
    """Listen for the client's end meanwhile, since `send` does not report it."""
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
