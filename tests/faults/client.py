"""A simulated client: does what docs/protocol.md asks of one, and writes it all down.

It keeps `last` and `epoch`, resumes after every close, holds a gap for 2 s before it
subscribes again, and sends a message with its one `client_id` until it has an answer.
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

from .history import History, Kind, Seen

# The server pings every 25 s.
SILENCE_SECONDS = 35
HOLD_SECONDS = 2.0
ANSWER_SECONDS = 10.0
RETRY_SECONDS = 0.5
# Outcome unknown or nothing done: the same client_id again.
TRY_AGAIN = {"unavailable", "timeout", "rate_limited", "lost"}

Frame = dict[str, Any]


class Client:
    """One person in one room, at whichever of the doors lets them in."""

    def __init__(self, user: str, token: str, room: str, doors: Sequence[int]) -> None:
        self.history = History(user)
        self.room = room
        self.token = token
        self.last: int | None = None
        self.epoch: str | None = None
        self.subscribed = asyncio.Event()
        self.acknowledged = 0
        # The message that was acknowledged last.
        self.said: Seen | None = None
        self.byes: list[int] = []
        # The close code of the server's that forbade to come back.
        self.stopped_with: int | None = None
        # Why the room was refused when it was subscribed to.
        self.refused_with: str | None = None
        self.state: dict[int, Seen] = self.history.state.setdefault(room, {})
        # The door that it went through last.
        self.door = 0
        # Known from `hello`.
        self.user_id = ""
        self._doors = itertools.cycle(doors)
        self._refs = itertools.count(1)
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Frame]] = {}
        self._socket: ClientConnection | None = None
        self._gap_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._leaving = False

    # --- The line --------------------------------------------------------------------

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
        found = None if self._socket is None else self._socket.close_code
        return 1006 if found is None else found

    def _closed(self, code: int) -> None:
        self._socket = None
        self.subscribed.clear()
        self._stop_gap_timer()
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
        self._start(self._subscribe())
        while True:
            await self._receive(socket)

    async def _receive(self, socket: ClientConnection) -> Frame:
        async with asyncio.timeout(SILENCE_SECONDS):
            text = await socket.recv()
        frame: Frame = json.loads(text)
        await self._handle(socket, frame)
        return frame

    # --- What comes in ---------------------------------------------------------------

    async def _handle(self, socket: ClientConnection, frame: Frame) -> None:
        match frame["type"]:
            case "reply" | "error":
                self._answered(frame)
            case "ping":
                await socket.send(json.dumps({"type": "pong", "n": frame["n"]}))
            case "message.created" | "message.updated" | "message.deleted":
                seen: tuple[Seen, ...] = (Seen.of(frame["message"]),)
                self._heard(frame["room"], frame["seq"] - 1, frame["seq"], seen)
            case "room.changes":
                seen = tuple(Seen.of(message) for message in frame["messages"])
                self._heard(frame["room"], frame["after"], frame["seq"], seen)
            case "bye":
                self.byes.append(frame["code"])
            case "room.reset":
                self.history.add("reset", room=frame["room"], seq=frame["seq"])
                self._start_again(frame["seq"], frame["epoch"])

    def _answered(self, frame: Frame) -> None:
        """At once for a subscribe: what follows its reply counts from its head."""
        for room in frame.get("rooms", ()):
            if "error" in room:
                self.refused_with = room["error"]["code"]
            else:
                self._resumed(room)
        answer = self._asked.pop(frame["ref"] or 0, None)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _resumed(self, room: Frame) -> None:
        seen = tuple(Seen.of(message) for message in room["messages"])
        self.history.add(
            "subscribed",
            room=room["room"],
            seq=room["head_seq"],
            after=self.last or 0,
            recovered=room["recovered"],
            messages=seen,
        )
        self._stop_gap_timer()
        if room["recovered"] is False:
            self._start_again(room["head_seq"], room["epoch"])
        else:
            self.history.first.setdefault(self.room, room["head_seq"])
            self._apply(seen)
            self.last, self.epoch = room["head_seq"], room["epoch"]
        self.subscribed.set()

    def _heard(self, room: str, after: int, seq: int, seen: tuple[Seen, ...]) -> None:
        self.history.add("heard", room=room, after=after, seq=seq, messages=seen)
        if self.last is None or seq <= self.last:
            return
        if after <= self.last:
            self._apply(seen)
            self.last = seq
            self._stop_gap_timer()
        elif self._gap_timer is None:
            loop = asyncio.get_running_loop()
            self._gap_timer = loop.call_later(
                HOLD_SECONDS, lambda: self._start(self._subscribe())
            )

    def _apply(self, seen: tuple[Seen, ...]) -> None:
        for message in seen:
            known = self.state.get(message.seq)
            if known is None or message.rev > known.rev:
                self.state[message.seq] = message

    def _start_again(self, head: int, epoch: str) -> None:
        self._drop_state()
        self.last, self.epoch = head, epoch
        self._reading = self._kept(self._read_history())

    def _drop_state(self) -> None:
        self.state.clear()
        if self._reading is not None:
            self._reading.cancel()

    @property
    def is_reading(self) -> bool:
        """Whether history is still read after a reset: the state is not whole yet."""
        return self._reading is not None and not self._reading.done()

    def _stop_gap_timer(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None

    # --- What goes out ---------------------------------------------------------------

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

    async def say(self) -> bool:
        """One message, sent until it is answered. False when it was refused."""
        client_id = f"{self.history.user}-{next(self._numbers)}"
        command = {"room": self.room, "client_id": client_id, "body": f"~{client_id}~"}
        while not self._leaving and self.stopped_with is None:
            await self.subscribed.wait()
            self.history.add("invoke", client_id=client_id, room=self.room)
            answer = await self.ask(type="message.send", **command)
            if answer["type"] == "reply":
                self.acknowledged += 1
                self.said = self._acknowledged("ok", answer)
                return True
            self.history.add("error", client_id=client_id, code=answer["code"])
            if answer["code"] not in TRY_AGAIN:
                return False
            await asyncio.sleep(RETRY_SECONDS)
        return False

    async def edit(self) -> None:
        """What was said last is said otherwise. Tried once: it may be lost or not."""
        if self.said is not None:
            body = self.said.body + "~"
            command = {"room": self.room, "seq": self.said.seq, "body": body}
            answer = await self.ask(type="message.edit", **command)
            if answer["type"] == "reply":
                self.said = self._acknowledged("edited", answer)

    def _acknowledged(self, kind: Kind, answer: Frame) -> Seen:
        seen = Seen.of(answer["message"])
        self.history.add(
            kind,
            client_id=seen.client_id,
            room=self.room,
            seq=seen.seq,
            rev=seen.rev,
        )
        return seen

    async def _subscribe(self) -> None:
        cursor: Frame = {"room": self.room}
        if self.last is not None:
            cursor |= {"after": self.last, "epoch": self.epoch}
        answer = await self.ask(type="subscribe", rooms=[cursor])
        if answer["type"] == "error" and self._socket is not None:
            await asyncio.sleep(RETRY_SECONDS)
            self._start(self._subscribe())

    async def begin_anew(self) -> None:
        """Back in the room after an absence: nothing of before counts any more."""
        self._drop_state()
        self.history.first.pop(self.room, None)
        self.last = self.epoch = None
        await self._subscribe()

    async def _read_history(self) -> None:
        """All of it, newest first, as the state was dropped."""
        before: int | None = None
        more = True
        while more and not self._leaving:
            await self.subscribed.wait()
            cursor = {} if before is None else {"before": before}
            page = await self.ask(type="history", room=self.room, limit=100, **cursor)
            if page["type"] == "error":
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._apply(tuple(Seen.of(message) for message in page["messages"]))
            more = page["has_before"]
            before = page["messages"][0]["seq"] if page["messages"] else before

    def _start(self, work: Any) -> None:
        _ = self._kept(work)

    def _kept(self, work: Any) -> asyncio.Task[None]:
        """Referred to until it is done, or the collector would end it."""
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
