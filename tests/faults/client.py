"""A simulated client: does what docs/protocol.md asks of one, and writes it all down.

It keeps `last` and `epoch`, resumes after every close, holds a gap for 2 s before it
subscribes again, and sends a message with its one `client_id` until it has an answer.
"""

import asyncio
import itertools
from collections.abc import Sequence

from .history import Kind, Seen
from .line import Frame, Line

HOLD_SECONDS = 2.0
RETRY_SECONDS = 0.5
# After these the same client_id is sent again: the message may not be stored.
TRY_AGAIN = {"unavailable", "timeout", "rate_limited", "lost"}


class Client(Line):
    """One person in one room."""

    def __init__(self, user: str, token: str, room: str, doors: Sequence[int]) -> None:
        super().__init__(user, token, doors)
        self.room = room
        self.last: int | None = None
        self.epoch: str | None = None
        self.acknowledged = 0
        # The message that was acknowledged last.
        self.said: Seen | None = None
        # Why the room was refused when it was subscribed to.
        self.refused_with: str | None = None
        self.state: dict[int, Seen] = self.history.state.setdefault(room, {})
        self._numbers = itertools.count(1)
        self._gap_timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None

    # --- What comes in ---------------------------------------------------------------

    def _opened(self) -> None:
        self._start(self._subscribe())

    def _lost(self) -> None:
        self._stop_gap_timer()

    def _told(self, frame: Frame) -> None:
        match frame["type"]:
            case "message.created" | "message.updated" | "message.deleted":
                seen: tuple[Seen, ...] = (Seen.of(frame["message"]),)
                self._heard(frame["room"], frame["seq"] - 1, frame["seq"], seen)
            case "room.changes":
                seen = tuple(Seen.of(message) for message in frame["messages"])
                self._heard(frame["room"], frame["after"], frame["seq"], seen)
            case "room.reset":
                self.history.add("reset", room=frame["room"], seq=frame["seq"])
                self._start_again(frame["seq"], frame["epoch"])

    def _answered(self, frame: Frame) -> None:
        for room in frame.get("rooms", ()):
            if "error" in room:
                self.refused_with = room["error"]["code"]
            else:
                self._resumed(room)

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
        """Edit the latest message. Tried once, so the edit may be lost or not."""
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
        """Subscribe after an absence, as if nothing had been read before."""
        self._drop_state()
        self.history.first.pop(self.room, None)
        self.last = self.epoch = None
        await self._subscribe()

    async def _read_history(self) -> None:
        """Read all of it, newest first, since the state was dropped."""
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
