"""One room's order in this process: numbers go out 1, 2, 3 ..., whatever comes in.

Changes come from our own commits, from the channel layer and from the database, late,
twice or not at all. A number at or below `last` is dropped, the next one goes out, a
later one waits; a gap that stays open is filled from the database once for everybody.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import NamedTuple

from chat import events, queries
from chat.events import Change, changes_frame, encode_message
from chat.payloads import MessagePayload, leaver

from . import metrics
from .connection import Connection
from .database import in_database

logger = logging.getLogger(__name__)

GAP_SECONDS = 0.15
MAX_HELD = 1000
# Changes that go out together share a frame of about this size.
FRAME_BYTES = 64 * 1024


class Block(NamedTuple):
    """Changes that go out in one frame: all after `after`, up to `seq`."""

    after: int
    seq: int
    changes: list[Change]

    def frame(self, room: str, above: int = 0) -> str:
        """The frame for somebody who has everything up to `above`."""
        if above <= self.after:
            return changes_frame(room, self.after, self.seq, self.changes)
        missing = [change for change in self.changes if change.seq > above]
        return changes_frame(room, above, self.seq, missing)

    @property
    def leaver(self) -> str | None:
        return self.changes[-1].leaver if self.changes else None


class Feed:
    """The sockets of this process that read one room. Owned by the event loop."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.epoch = ""
        # What was sent last; None until the room's head was read.
        self.last: int | None = None
        self.live: set[Connection] = set()
        # Sockets that still catch up: what comes meanwhile is kept for them.
        self.joining: dict[Connection, list[Block]] = {}
        # Sockets that caught up beyond `last`: up to which number.
        self.ahead: dict[Connection, int] = {}
        self._held: dict[int, Change] = {}
        self._gap_timer: asyncio.TimerHandle | None = None
        self._repairing: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.live or self.joining or self.ahead)

    @property
    def readers(self) -> list[Connection]:
        """Who has had their reply; who still joins will read the state itself."""
        return [*self.live, *self.ahead]

    def start(self, epoch: str, head: int) -> None:
        """What is above `head` goes out from now on, what came meanwhile too."""
        self.epoch = epoch
        self.last = head
        self._send_next(head)

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
            return  # left while the database was read
        if self.last is not None and head <= self.last:
            self.live.add(connection)
        else:
            self.ahead[connection] = head
        for block in kept:
            if block.seq > head:
                metrics.deliveries.inc()
                connection.write(block.frame(self.room, above=head))
                if block.leaver in connection.names:
                    self.leave(connection)
                    return

    def leave(self, connection: Connection) -> None:
        self.live.discard(connection)
        self.joining.pop(connection, None)
        self.ahead.pop(connection, None)
        connection.feeds.pop(self.room, None)

    # --- What comes in ---------------------------------------------------------------

    def offer(self, epoch: str, changes: Iterable[Change]) -> None:
        for change in changes:
            self._held[change.seq] = change
        if self.last is None:
            return
        if epoch != self.epoch:
            # Nothing held can be trusted to belong to the history we know.
            self._held.clear()
            self.repair("epoch")
        else:
            self._send_next(self.last)

    def check(self, head: int, epoch: str) -> None:
        """The database says where the room is: nobody may be told less for long."""
        if epoch != self.epoch:
            self.reset(head, epoch)
        elif self.last is not None and head > self.last:
            self.repair("head")

    def repair(self, cause: str) -> None:
        """Fill the gap from the database; one query at a time."""
        self._stop_gap_timer()
        if self._repairing is None and self.last is not None:
            metrics.repairs.labels(cause).inc()
            self._repairing = asyncio.create_task(self._repair(self.last))

    def reset(self, head: int, epoch: str) -> None:
        """Too much was missed, or history itself changed: everybody starts again."""
        metrics.resets.inc()
        self.epoch = epoch
        self.last = head
        text = events.encode(events.RoomReset(self.room, head, epoch))
        for connection in [*self.live, *self.joining, *self.ahead]:
            connection.write(text)
        self.live.update(self.ahead)
        self.ahead.clear()
        for kept in self.joining.values():
            kept.clear()

    def close(self) -> None:
        for connection in [*self.live, *self.joining, *self.ahead]:
            self.leave(connection)
        self._held.clear()
        self._stop_gap_timer()
        if self._repairing is not None:
            self._repairing.cancel()

    # --- What goes out ---------------------------------------------------------------

    def _send_next(self, last: int) -> None:
        """All that follows without a gap, then wait for the rest."""
        while block := self._next_block(last):
            self._send(block)
            last = block.seq
        if self._held:
            self._held = {seq: c for seq, c in self._held.items() if seq > last}
        if not self._held:
            self._stop_gap_timer()
        elif len(self._held) > MAX_HELD:
            self.repair("held")
        elif self._gap_timer is None:
            metrics.gaps.inc()
            loop = asyncio.get_running_loop()
            self._gap_timer = loop.call_later(GAP_SECONDS, self.repair, "gap")

    def _next_block(self, last: int) -> Block | None:
        """As many as fit into one frame; who leaves is the last of theirs."""
        changes: list[Change] = []
        size = 0
        while size < FRAME_BYTES:
            change = self._held.pop(last + len(changes) + 1, None)
            if change is None:
                break
            changes.append(change)
            size += len(change.message)
            if change.leaver is not None:
                break
        return Block(last, last + len(changes), changes) if changes else None

    def _send(self, block: Block) -> None:
        """To everybody who has not got it, and to the leaver as the last one."""
        self.last = block.seq
        text = block.frame(self.room)
        # Once for all of them: it costs as much as a tenth of a delivery.
        metrics.deliveries.inc(len(self.live))
        for connection in self.live:
            connection.write(text)
        for kept in self.joining.values():
            kept.append(block)
        if self.ahead:
            self._send_ahead(block)
        if block.leaver is not None:
            self._evict(block.leaver, block.seq)

    def _send_ahead(self, block: Block) -> None:
        for connection, head in list(self.ahead.items()):
            if block.seq > head:
                metrics.deliveries.inc()
                connection.write(block.frame(self.room, above=head))
            if block.seq >= head:
                del self.ahead[connection]
                self.live.add(connection)

    def _evict(self, leaver: str, seq: int) -> None:
        """Who left at `seq` and is back is `ahead` of it, or will see in `go_live`."""
        for connection in [*self.live, *self.ahead]:
            if leaver in connection.names and self.ahead.get(connection, 0) < seq:
                self.leave(connection)

    def write_volatile(self, text: str) -> None:
        for connection in self.readers:
            connection.write(text, volatile=True)

    # --- Repair ----------------------------------------------------------------------

    async def _repair(self, after: int) -> None:
        try:
            found = await in_database(queries.messages.changes, self.room, after)
            if found.messages is None or found.epoch != self.epoch:
                self.reset(found.head_seq, found.epoch)
            else:
                changes = [_read_back(message, after) for message in found.messages]
                self._send_repair(found.head_seq, changes)
        except Exception as error:
            # The next check of the heads tries again.
            logger.warning("room %s: repair: %s", self.room, type(error).__name__)
        finally:
            self._repairing = None
            self._send_next(self.last or 0)

    def _send_repair(self, head: int, changes: list[Change]) -> None:
        """One frame for the whole gap, or one up to each who leaves within it."""
        for change in changes:
            if change.leaver is not None:
                self._send_changes(change.seq, changes)
        self._send_changes(head, changes)

    def _send_changes(self, upto: int, changes: list[Change]) -> None:
        # Some of it may have come by itself while the database was read.
        after = self.last or 0
        if upto > after:
            part = [change for change in changes if after < change.seq <= upto]
            self._send(Block(after, upto, part))

    def _stop_gap_timer(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None


def _read_back(message: MessagePayload, after: int) -> Change:
    """Who left with a message up to `after` is gone, or back: it only changed since."""
    left = leaver(message) if message.seq > after else None
    return Change(message.rev, None, encode_message(message), left)
