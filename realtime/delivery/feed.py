"""One room's order in this process: its changes go out by number, 1, 2, 3 ...

Changes come from our own commits, from the channel layer and from the database; they
may be late, doubled or missing. A change with a number at or below the last one sent is
dropped, the next one goes out, a later one is held. When a gap stays open it is filled
from the database, once for all readers.
"""

import asyncio
import logging
from collections.abc import Iterable

from chat import queries
from chat.events import RoomReset, encode_message
from chat.queries.messages import Changes
from core import metrics
from core.bus.envelopes import Change
from core.threads import in_database

from ..protocol.frames import prepared
from .readers import Readers
from .stretch import Stretch

logger = logging.getLogger(__name__)

GAP_SECONDS = 0.15
MAX_HELD = 1000
# Changes that go out together share a frame of about this size.
FRAME_BYTES = 64 * 1024


class Feed:
    """Owned by the event loop. Its changes go out to its `readers`."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.epoch = ""
        self.readers = Readers(room)
        # Changes that wait for those before them, by number.
        self._held: dict[int, Change] = {}
        self._gap_timer: asyncio.TimerHandle | None = None
        self._repairing: asyncio.Task[None] | None = None

    def start(self, epoch: str, head_seq: int) -> None:
        """Send changes above `head_seq` from now on, with those that are held."""
        self.epoch = epoch
        self.readers.last = head_seq
        self._send_next(head_seq)

    def close(self) -> None:
        self.readers.clear()
        self._held.clear()
        self._stop_gap_timer()
        if self._repairing is not None:
            self._repairing.cancel()

    # --- What comes in ---------------------------------------------------------------

    def offer(self, epoch: str, changes: Iterable[Change]) -> None:
        """Take changes in any order. Each is held until those before it were sent."""
        for change in changes:
            self._held[change.seq] = change
        if self.readers.last is None:
            return
        if epoch != self.epoch:
            # The held changes may belong to a history that we do not know.
            self._held.clear()
            self.repair("epoch")
        else:
            self._send_next(self.readers.last)

    def check(self, head_seq: int, epoch: str) -> None:
        """Repair when the database is ahead of the readers, or in another epoch."""
        if epoch != self.epoch:
            self.repair("epoch")
        elif self.readers.last is not None and head_seq > self.readers.last:
            self.repair("head")

    # --- What goes out ---------------------------------------------------------------

    def _send_next(self, last: int) -> None:
        """Send all that follows `last` without a gap, then wait for the rest."""
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
        """As many changes as fit into one frame; one that takes readers out ends it."""
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
        """Fill the gap from the database, unless that is under way already.

        `cause` is a label of the metric `repairs`.
        """
        self._stop_gap_timer()
        if self._repairing is None and self.readers.last is not None:
            metrics.repairs.labels(cause).inc()
            self._repairing = asyncio.create_task(self._repair(self.readers.last))

    async def _repair(self, after: int) -> None:
        try:
            missed = await in_database(queries.messages.changes, self.room, after)
            if missed.epoch != self.epoch:
                self._held.clear()
                await self._reset(missed)
            elif missed.messages is not None:
                self._fill(missed)
            elif missed.head_seq > (self.readers.last or 0):
                await self._reset(missed)
        except Exception as error:
            # The next check of the heads tries again.
            logger.warning("room %s: repair: %s", self.room, type(error).__name__)
        finally:
            self._repairing = None
            if self.readers.last is not None:
                self._send_next(self.readers.last)

    def _fill(self, missed: Changes) -> None:
        """Send one frame for the whole gap, or one up to each number that takes readers
        out.

        That number is the message's `seq`: its `rev` moves when the row changes later.
        A message that was sent before the gap took its readers out then.
        """
        messages = missed.messages or []
        changes = [Change(m.rev, None, encode_message(m)) for m in messages]
        leavers = [(m.seq, who) for m in messages if (who := m.evicts()) is not None]
        for seq, who in sorted(leavers):
            self._send_up_to(seq, changes, who)
        self._send_up_to(missed.head_seq, changes)

    def _send_up_to(
        self, seq: int, changes: list[Change], leaver: str | None = None
    ) -> None:
        # Some changes may have come by themselves while the database was read.
        after = self.readers.last or 0
        if seq > after:
            part = [change for change in changes if after < change.seq <= seq]
            self.readers.send(Stretch(after, seq, part, leaver))

    async def _reset(self, missed: Changes) -> None:
        """Tell the readers to read history, because too much was missed or the epoch
        changed.

        Removals may be among the changes that nobody looks at here. So nothing goes out
        until the database has said who may still read (guarantee G6).
        """
        metrics.resets.inc()
        remaining = await self.readers.pause()
        frame = prepared(RoomReset(self.room, missed.head_seq, missed.epoch))
        for connection in remaining:
            connection.write(frame)
        self.start(missed.epoch, missed.head_seq)
