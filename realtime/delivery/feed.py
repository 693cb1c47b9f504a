"""One room's order in this process: numbers go out 1, 2, 3 ..., whatever comes in.

Changes come from our own commits, from the channel layer and from the database, late,
twice or not at all. A number at or below the last one is dropped, the next one goes
out, a later one waits; a gap that stays open is filled from the database once for
everybody.
"""

import asyncio
import logging
from collections.abc import Iterable

from chat import queries
from chat.events import RoomReset, encode, encode_message
from chat.queries.messages import Changes
from core import metrics
from core.bus.envelopes import Change
from core.threads import in_database

from .readers import Readers
from .stretch import Stretch

logger = logging.getLogger(__name__)

GAP_SECONDS = 0.15
MAX_HELD = 1000
# Changes that go out together share a frame of about this size.
FRAME_BYTES = 64 * 1024


class Feed:
    """Owned by the event loop. What goes out goes to its readers."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.epoch = ""
        self.readers = Readers(room)
        self._held: dict[int, Change] = {}
        self._gap_timer: asyncio.TimerHandle | None = None
        self._repairing: asyncio.Task[None] | None = None

    def start(self, epoch: str, head: int) -> None:
        """What is above `head` goes out from now on, what came meanwhile too."""
        self.epoch = epoch
        self.readers.last = head
        self._send_next(head)

    def close(self) -> None:
        self.readers.clear()
        self._held.clear()
        self._stop_gap_timer()
        if self._repairing is not None:
            self._repairing.cancel()

    # --- What comes in ---------------------------------------------------------------

    def offer(self, epoch: str, changes: Iterable[Change]) -> None:
        for change in changes:
            self._held[change.seq] = change
        if self.readers.last is None:
            return
        if epoch != self.epoch:
            # Nothing held can be trusted to belong to the history we know.
            self._held.clear()
            self.repair("epoch")
        else:
            self._send_next(self.readers.last)

    def check(self, head: int, epoch: str) -> None:
        """The database says where the room is: nobody may be told less for long."""
        if epoch != self.epoch:
            self.repair("epoch")
        elif self.readers.last is not None and head > self.readers.last:
            self.repair("head")

    # --- What goes out ---------------------------------------------------------------

    def _send_next(self, last: int) -> None:
        """All that follows without a gap, then wait for the rest."""
        while stretch := self._next_stretch(last):
            self.readers.send(stretch)
            last = stretch.seq
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

    def _next_stretch(self, last: int) -> Stretch | None:
        """As many as fit into one frame; a change that takes readers out ends it."""
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
        if not changes:
            return None
        return Stretch(last, last + len(changes), changes, changes[-1].leaver)

    def _stop_gap_timer(self) -> None:
        if self._gap_timer is not None:
            self._gap_timer.cancel()
            self._gap_timer = None

    # --- Repair ----------------------------------------------------------------------

    def repair(self, cause: str) -> None:
        """Fill the gap from the database; one query at a time."""
        self._stop_gap_timer()
        if self._repairing is None and self.readers.last is not None:
            metrics.repairs.labels(cause).inc()
            self._repairing = asyncio.create_task(self._repair(self.readers.last))

    async def _repair(self, after: int) -> None:
        try:
            found = await in_database(queries.messages.changes, self.room, after)
            if found.epoch != self.epoch:
                self._held.clear()
                await self._reset(found)
            elif found.messages is not None:
                self._fill(found)
            elif found.head_seq > (self.readers.last or 0):
                await self._reset(found)
        except Exception as error:
            # The next check of the heads tries again.
            logger.warning("room %s: repair: %s", self.room, type(error).__name__)
        finally:
            self._repairing = None
            if self.readers.last is not None:
                self._send_next(self.readers.last)

    def _fill(self, found: Changes) -> None:
        """One frame for the whole gap, or one up to each number that takes readers out.

        That is the `seq` of the message, since its `rev` moves when the row changes. A
        message that was sent already took its readers out then.
        """
        messages = found.messages or []
        changes = [Change(m.rev, None, encode_message(m)) for m in messages]
        leavers = [(m.seq, who) for m in messages if (who := m.evicts()) is not None]
        for seq, who in sorted(leavers):
            self._send_up_to(seq, changes, who)
        self._send_up_to(found.head_seq, changes)

    def _send_up_to(
        self, seq: int, changes: list[Change], leaver: str | None = None
    ) -> None:
        # Some of it may have come by itself while the database was read.
        after = self.readers.last or 0
        if seq > after:
            part = [change for change in changes if after < change.seq <= seq]
            self.readers.send(Stretch(after, seq, part, leaver))

    async def _reset(self, found: Changes) -> None:
        """Too much was missed, or history itself changed: the readers start again.

        Nobody has looked at the removals among what was missed. So nothing goes out
        until the database has said who may still read (guarantee G6).
        """
        metrics.resets.inc()
        remaining = await self.readers.pause()
        text = encode(RoomReset(self.room, found.head_seq, found.epoch))
        for connection in remaining:
            connection.write(text)
        self.start(found.epoch, found.head_seq)
