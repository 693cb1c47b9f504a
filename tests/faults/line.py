"""A simulated client's line: it connects, asks and listens, and comes back.

The line counts its connections, matches answers with what was asked, and obeys the
close codes. What the frames mean is the business of client.py.
"""

import asyncio
import itertools
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from .history import History

# The server pings every 25 s.
SILENCE_SECONDS = 35
ANSWER_SECONDS = 10.0

Frame = dict[str, Any]


class Line:
    """One person's connection, at whichever of the doors lets them in."""

    def __init__(self, user: str, token: str, doors: Sequence[int]) -> None:
        self.history = History(user)
        self.token = token
        self.subscribed = asyncio.Event()
        self.byes: list[int] = []
        # The close code with which the server forbade to come back.
        self.stopped_with: int | None = None
        # The door that it went through last.
        self.door = 0
        # Known from `hello`.
        self.user_id = ""
        self._doors = itertools.cycle(doors)
        self._refs = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = False

    # --- For the client --------------------------------------------------------------

    def _opened(self) -> None:
        """After `hello`."""
        raise NotImplementedError

    def _lost(self) -> None:
        """After a close, whoever closed."""
        raise NotImplementedError

    def _answered(self, frame: Frame) -> None:
        """A reply or an error, before whoever asked sees it."""
        raise NotImplementedError

    def _told(self, frame: Frame) -> None:
        """An event of the room."""
        raise NotImplementedError

    # --- Coming and going ------------------------------------------------------------

    async def live(self) -> None:
        """Connect, resume and listen, again and again, until `leave`."""
        failures = 0
        while not self._leaving and self.stopped_with is None:
            if failures:
                await asyncio.sleep(random.uniform(0, min(2.0, 0.1 * 2**failures)))
            self.door = next(self._doors)
            code = await self._one_connection(self.door)
            failures = 0 if self.subscribed.is_set() else failures + 1
            self._closed(code)

    async def leave(self) -> None:
        self._leaving = True
        if self._socket is not None:
            await self._socket.close()

    async def _one_connection(self, port: int) -> int:
        self.history.connection += 1
        url = f"ws://127.0.0.1:{port}/ws/v1?token={self.token}"
        try:
            async with connect(
                url,
                proxy=None,
                compression=None,
                ping_interval=None,
                max_queue=None,
                close_timeout=1,
            ) as self._socket:
                self.history.add("open")
                await self._converse(self._socket)
        except (OSError, WebSocketException, TimeoutError):
            pass
        code = None if self._socket is None else self._socket.close_code
        return 1006 if code is None else code

    def _closed(self, code: int) -> None:
        self._socket = None
        self.subscribed.clear()
        self._lost()
        if not self._leaving:
            self.history.add("close", code=str(code))
        if 4500 <= code < 5000:
            self.stopped_with = code
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result({"type": "error", "code": "lost"})
        self._asked.clear()

    async def _converse(self, socket: ClientConnection) -> None:
        hello = await self._receive(socket)
        self.user_id = hello["user"]["id"]
        self._opened()
        while True:
            await self._receive(socket)

    async def _receive(self, socket: ClientConnection) -> Frame:
        async with asyncio.timeout(SILENCE_SECONDS):
            text = await socket.recv()
        frame: Frame = json.loads(text)
        await self._handle(socket, frame)
        return frame

    async def _handle(self, socket: ClientConnection, frame: Frame) -> None:
        match frame["type"]:
            case "reply" | "error":
                # At once: events behind a reply to `subscribe` count from its head.
                self._answered(frame)
                answer = self._asked.pop(frame["ref"] or 0, None)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
            case "ping":
                await socket.send(json.dumps({"type": "pong", "n": frame["n"]}))
            case "bye":
                self.byes.append(frame["code"])
            case _:
                self._told(frame)

    async def ask(self, **command: Any) -> Frame:
        """The answer, or an error `lost` when the line broke first."""
        ref = next(self._refs)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[ref] = answer
        try:
            if self._socket is None:
                raise ConnectionClosed(None, None)
            await self._socket.send(json.dumps({"ref": ref, **command}))
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except (ConnectionClosed, TimeoutError):
            self._asked.pop(ref, None)
            return {"type": "error", "code": "lost"}

    def _start(self, work: Any) -> None:
        _ = self._kept(work)

    def _kept(self, work: Any) -> asyncio.Task[None]:
        """Start a task and keep it: asyncio alone would let it be collected."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        await self.leave()
        for task in list(self._tasks):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
