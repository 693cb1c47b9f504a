"""One room's order in this process: numbers go out 1, 2, 3 ..., whatever comes in.

Changes come from our own commits, from the channel layer and from the database, late,
twice or not at all. A number at or below `last` is dropped, the next one goes out, a
later one waits; a gap that stays open is filled from the database once for everybody.
"""

import asyncio
import logging
from collections.abc import Iterable

from chat import events, queries
from chat.broadcast import Change
from chat.payloads import MessagePayload, leaver

from .connection import Connection
from .database import in_database

logger = logging.getLogger(__name__)

GAP_SECONDS = 0.15
MAX_HELD = 1000


class Feed:
    """The sockets of this process that read one room. Owned by the event loop."""

    def __init__(self, room: str, epoch: str, last: int) -> None:
        self.room = room
        self.epoch = epoch
        self.last = last
        self.live: set[Connection] = set()
        # Sockets that still catch up: what comes meanwhile is kept for them.
        self.joining: dict[Connection, list[Change]] = {}
        # Sockets that caught up beyond `last`: up to which number.
        self.ahead: dict[Connection, int] = {}
        self._held: dict[int, Change] = {}
        self._gap_timer: asyncio.TimerHandle | None = None
        self._repairing: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.live or self.joining or self.ahead)

    # --- Who listens -----------------------------------------------------------------

    def join(self, connection: Connection) -> None:
        """From here on nothing is missed: what comes is kept until `go_live`."""
        self.live.discard(connection)
        self.ahead.pop(connection, None)
        self.joining[connection] = []
        connection.feeds[self.room] = self

    def go_live(self, connection: Connection, head: int) -> None:
        """The reader has everything up to `head`; send what came since `join`."""
        kept = self.joining.pop(connection, None)
        if kept is None:
            return  # left, or was removed, while the database was read
        if head > self.last:
            self.ahead[connection] = head
        else:
            self.live.add(connection)
        for change in kept:
            if change.seq > head:
                connection.write(change.text)
                if change.leaver == connection.user_id:
                    self.leave(connection)
                    return

    def leave(self, connection: Connection) -> None:
        self.live.discard(connection)
        self.joining.pop(connection, None)
        self.ahead.pop(connection, None)
        connection.feeds.pop(self.room, None)

    # --- What comes in ---------------------------------------------------------------

    def offer(self, epoch: str, changes: Iterable[Change]) -> None:
        if epoch != self.epoch:
            self._held.clear()
            self.repair()
            return
        for change in changes:
            if change.seq > self.last:
                self._held[change.seq] = change
        self._send_next()

    def check(self, head: int, epoch: str) -> None:
        """The database says where the room is: nobody may be told less for long."""
        if epoch != self.epoch:
            self.reset(head, epoch)
        elif head > self.last:
            self.repair()

    def repair(self) -> None:
        """Fill the gap from the database; one query at a time."""
        if self._repairing is None:
            self._repairing = asyncio.create_task(self._repair())

    def close(self) -> None:
        for work in (self._gap_timer, self._repairing):
            if work is not None:
                work.cancel()

    def reset(self, head: int, epoch: str) -> None:
        """Too much was missed, or history itself changed: everybody starts again."""
        self.epoch = epoch
        self._held = {seq: c for seq, c in self._held.items() if seq > head}
        self.last = head
        text = events.encode(events.RoomReset(self.room, head, epoch))
        for connection in self._everybody():
            connection.write(text)
        self._all_live()

    # --- What goes out ---------------------------------------------------------------

    def _send_next(self) -> None:
        while (change := self._held.pop(self.last + 1, None)) is not None:
            self._send(change)
        if not self._held:
            self._stop_gap_timer()
        elif len(self._held) > MAX_HELD:
            self.repair()
        elif self._gap_timer is None:
            loop = asyncio.get_running_loop()
            self._gap_timer = loop.call_later(GAP_SECONDS, self._gap_is_old)

    def _send(self, change: Change) -> None:
        """To everybody who has not got it, and to the leaver as the last one."""
        self.last = change.seq
        text = change.text
        for connection in self.live:
            connection.write(text)
        for kept in self.joining.values():
            kept.append(change)
        if self.ahead:
            self._send_ahead(change)
        if change.leaver is not None:
            self._evict(change.leaver, change.seq)

    def _send_ahead(self, change: Change) -> None:
        for connection, head in list(self.ahead.items()):
            if change.seq > head:
                connection.write(change.text)
            if change.seq >= head:
                del self.ahead[connection]
                self.live.add(connection)

    def _evict(self, user_id: str, seq: int) -> None:
        """Who left at `seq` and is back is `ahead` of it, or will see in `go_live`."""
        for connection in [*self.live, *self.ahead]:
            if connection.user_id == user_id and self.ahead.get(connection, 0) < seq:
                self.leave(connection)

    # --- Repair ----------------------------------------------------------------------

    async def _repair(self) -> None:
        try:
            found = await in_database(queries.changes, self.room, self.last)
            if found.messages is None or found.epoch != self.epoch:
                self.reset(found.head_seq, found.epoch)
            else:
                self._send_repair(found.head_seq, found.messages)
        except Exception as error:
            # The next check of the heads tries again.
            logger.warning("room %s: repair: %s", self.room, type(error).__name__)
        finally:
            self._repairing = None
            self._send_next()

    def _send_repair(self, head: int, messages: list[MessagePayload]) -> None:
        """One frame for the whole gap, or one up to each who leaves within it."""
        for message in messages:
            if (gone := leaver(message)) is not None:
                self._send_changes(message.seq, messages, gone)
        self._send_changes(head, messages, None)
        self._held = {seq: c for seq, c in self._held.items() if seq > self.last}

    def _send_changes(
        self, upto: int, messages: list[MessagePayload], gone: str | None
    ) -> None:
        if upto <= self.last:
            return
        part = [message for message in messages if self.last < message.rev <= upto]
        event = events.RoomChanges(self.room, self.last, upto, part)
        self._send(Change(upto, events.encode(event), gone))

    def _gap_is_old(self) -> None:
        self._gap_timer = None
        self.repair()

    def _stop_gap_timer(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None

    def _everybody(self) -> list[Connection]:
        return [*self.live, *self.joining, *self.ahead]

    def _all_live(self) -> None:
        self.live.update(self.ahead)
        self.ahead.clear()
        for kept in self.joining.values():
            kept.clear()
