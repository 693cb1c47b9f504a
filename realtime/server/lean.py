"""Lean stand-ins for asyncio's Queue and Event in uvicorn's protocol.

Those two hold five empty deques, which take 4 KiB for each socket. These hold nothing
while nothing waits, as for nearly every socket at nearly every time.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue without a limit, for one reader."""

    __slots__ = ("_arrived", "_messages")

    def __init__(self) -> None:
        self._messages: deque[T] | None = None
        # What the reader waits for.
        self._arrived: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        return self._messages is None

    def put_nowait(self, message: T) -> None:
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def get(self) -> T:
        while self._messages is None:
            self._arrived = asyncio.get_running_loop().create_future()
            try:
                await self._arrived
            finally:
                self._arrived = None
        message = self._messages.popleft()
        if not self._messages:
            self._messages = None
        return message


class Gate:
    """Open at first. Whoever comes while it is closed waits until it opens."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened: asyncio.Event | None = None

    def set(self) -> None:
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    def clear(self) -> None:
        if self._opened is None:
            self._opened = asyncio.Event()

    async def wait(self) -> None:
        if self._opened is not None:
            await self._opened.wait()
