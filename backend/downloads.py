"""Long answers: in pieces, and to an end that a slow phone can meet.

Each has its file open, or all of its content in memory, until its client has read it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase

# In one process, of all networks together (pools.py).
AT_ONCE = 384
PIECE = 65_536
# A client that is slower than this is cut off. Of those that stop reading altogether
# realtime/server/stalled_answers.py hears much sooner.
START_SECONDS = 60.0
LEAST_BYTES_PER_SECOND = 16_384


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


async def pieces(file: Readable) -> AsyncIterator[bytes]:
    """Each is read when the one before it is gone.

    Django reads the whole of a file into memory first, unless its iterator is an
    asynchronous one.
    """
    read = sync_to_async(file.read, thread_sensitive=False)
    while piece := await read(PIECE):
        yield piece


async def in_time(
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
            await _until_gone(receive, sending)
    except TimeoutError:
        if not end.expired():
            raise
        _cut(scope)


async def _until_gone(receive: Any, sending: Coroutine[Any, Any, None]) -> None:
    """Servers do not say in `send` that the client is gone."""
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


def _cut(scope: Any) -> None:
    """End the connection without the rest.

    Only realtime/server/stalled_answers.py offers this. daphne takes an answer whole,
    as fast as we send it, and so nobody is too slow for us there.
    """
    if cut := scope.get("extensions", {}).get("hubbub.cut"):
        cut()
