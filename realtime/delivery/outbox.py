"""Frames on their way into the server's transport: putting one in never waits.

Mostly the server takes a frame at once. While it does not, frames queue here and one
task hands them over in order.

Most of what a frame costs is the system call. So frames for which others are about to
follow are put in `soon`, and leave together with those.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from ..protocol.prepared import PreparedFrame

Message = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


class Outbox:
    """Owned by the event loop. `failed` is called when a message could not be sent.

    A server that gives its transport takes a frame's bytes past ASGI, which costs half
    as much; every other takes its text.
    """

    __slots__ = (
        "_draining",
        "_failed",
        "_loop",
        "_queue",
        "_send",
        "_soon",
        "_transport",
        "queued",
    )

    def __init__(
        self,
        send: Send,
        failed: Callable[[Exception], None],
        transport: asyncio.Transport | None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._failed = failed
        self._transport = transport
        # The frames that leave together in a moment; None when there are none.
        self._soon: list[PreparedFrame] | None = None
        # The messages that wait, each with its size; None while the transport takes
        # them without waiting.
        self._queue: deque[tuple[Message, int]] | None = None
        self._draining: asyncio.Task[None] | None = None
        # The bytes that wait.
        self.queued = 0

    @property
    def is_stuck(self) -> bool:
        return self._queue is not None

    def put(self, frame: PreparedFrame) -> None:
        """Hand a frame to the transport, now or after those that wait."""
        if not self.put_now(frame):
            self._put_text(frame)

    def put_now(self, frame: PreparedFrame) -> bool:
        """Write a frame, unless the server takes none now; say whether."""
        if self._soon is not None:
            self._soon.append(frame)
            return True
        return self._write(frame.wire)

    def put_soon(self, frame: PreparedFrame) -> bool:
        """The same, but with all frames that come in this turn of the event loop and in
        the next, which is that of the reply to a command whose event this is."""
        if self._soon is None:
            if self._queue is not None or self._transport is None:
                return False
            self._soon = []
            self._loop.call_soon(self._loop.call_soon, self._put_together)
        self._soon.append(frame)
        return True

    def _put_together(self) -> None:
        frames, self._soon = self._soon or [], None
        if not self._write(b"".join([frame.wire for frame in frames])):
            for frame in frames:
                self._put_text(frame)

    def _write(self, wire: bytes) -> bool:
        """Write bytes past ASGI, unless others wait before them; say whether.

        ASGI's own `send` waits while the transport is paused and fails when it is
        closing. So a transport that holds bytes or is closing is left to it.
        """
        transport = self._transport
        if transport is None or self._queue is not None:
            return False
        if transport.get_write_buffer_size() or transport.is_closing():
            return False
        transport.write(wire)
        return True

    def _put_text(self, frame: PreparedFrame) -> None:
        self._put({"type": "websocket.send", "text": frame.text}, frame.size)

    def end(self, code: int) -> None:
        """Close the socket after all that waits; no frame may come after the close."""
        self._put_together()
        self._transport = None
        self._put({"type": "websocket.close", "code": code}, 0)

    def _put(self, message: Message, size: int) -> None:
        if self._queue is not None:
            self._queue.append((message, size))
            self.queued += size
            return
        # A task for each delivery would cost more than the delivery. So the coroutine's
        # first step runs here, and mostly it is the only one.
        sending = cast(Generator[Any, None, None], self._send(message).__await__())
        try:
            waited_for = next(sending)
        except StopIteration:
            return
        except Exception as error:
            self._failed(error)
            return
        self._queue = deque()
        self._draining = self._loop.create_task(self._drain(_Rest(sending, waited_for)))

    def discard(self) -> None:
        """Drop the messages that wait; later ones are still sent."""
        if self._queue is not None:
            self._queue.clear()

    def abandon(self) -> None:
        """The socket is gone: stop sending."""
        self._queue = self._transport = self._soon = None
        # `failed` is a method of the connection that holds this outbox. The circle
        # would keep both, and the server's half of the socket, until the next full
        # garbage collection, which comes rarely (realtime/server/uvicorn.py).
        self._failed = lambda _: None
        if self._draining is not None:
            self._draining.cancel()

    async def _drain(self, rest: "_Rest") -> None:
        failure: Exception | None = None
        try:
            await rest
            while self._queue:
                message, size = self._queue.popleft()
                self.queued -= size
                await self._send(message)
        except Exception as error:
            failure = error
        finally:
            self._queue = self._draining = None
            self.queued = 0
        # Reported last: the `bye` that follows may have to wait in a queue of its own.
        if failure is not None:
            self._failed(failure)


class _Rest:
    """A coroutine whose first step was taken by hand; awaiting it takes the others."""

    def __init__(self, steps: Generator[Any, None, None], waited_for: Any) -> None:
        self._steps = steps
        self._waited_for = waited_for

    def __await__(self) -> Generator[Any, None, None]:
        # `put` received the future of the first step. Only the task that awaits the
        # rest can wait for it.
        yield self._waited_for
        yield from self._steps
