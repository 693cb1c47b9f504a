"""The connections of this process that read one room, and how far each has got."""

from collections.abc import Container, Iterable
from itertools import count

from accounts.actor import has_account
from chat.access.readers import still_reading
from chat.events import RoomDeleted, RoomRemoved
from core import metrics
from core.threads import in_database, in_parts

from ..protocol.frames import prepared
from ..protocol.prepared import PreparedFrame
from .connection import Connection
from .stretch import Stretch

_subscription_numbers = count(1)


class Readers:
    """Owned by the event loop. A reader is live, ahead or joining."""

    def __init__(self, room: str) -> None:
        self.room = room
        # The number that was sent last. It is None, and nothing is sent, until the
        # room's head was read and while a reset asks who may still read.
        self.last: int | None = None
        # These have everything up to `last`.
        self.live: set[Connection] = set()
        # These caught up beyond `last`, each up to its own number.
        self.ahead: dict[Connection, int] = {}
        # These still catch up: new stretches are kept for them.
        self.joining: dict[Connection, list[Stretch]] = {}
        # A reset came while these caught up. Their subscribe command joins them again.
        self.must_rejoin: set[Connection] = set()

    @property
    def is_empty(self) -> bool:
        return not (self.live or self.ahead or self.joining or self.must_rejoin)

    @property
    def all(self) -> list[Connection]:
        """The readers who have had their reply; the joining read the state later."""
        return [*self.live, *self.ahead]

    def subscriptions(self) -> list[tuple[Connection, int]]:
        """The readers, each with the number of its subscription.

        A reader that joins again gets another number, because what the database said of
        the earlier subscription does not hold for the new one.
        """
        return [(reader, reader.rooms[self.room]) for reader in self.all]

    # --- Coming and going ------------------------------------------------------------

    def join(self, connection: Connection) -> None:
        """Keep everything that is sent from now on for the connection's `go_live`."""
        self.live.discard(connection)
        self.ahead.pop(connection, None)
        self.must_rejoin.discard(connection)
        self.joining[connection] = []
        connection.rooms[self.room] = next(_subscription_numbers)

    def go_live(self, connection: Connection, head_seq: int) -> None:
        """The reader has everything up to `head_seq`: send it later changes."""
        kept = self.joining.pop(connection, None)
        if kept is None:
            return  # It left while the database was read.
        if self.last is not None and head_seq <= self.last:
            self.live.add(connection)
        else:
            self.ahead[connection] = head_seq
        for stretch in (one for one in kept if one.seq > head_seq):
            metrics.deliveries.inc()
            connection.write(stretch.frame(self.room, above=head_seq))
            if stretch.leaver in connection.names:
                self.leave(connection)
                return

    def leave(self, connection: Connection) -> None:
        self.live.discard(connection)
        self.ahead.pop(connection, None)
        self.joining.pop(connection, None)
        self.must_rejoin.discard(connection)
        connection.rooms.pop(self.room, None)

    def clear(self) -> None:
        for connection in [*self.all, *self.joining, *self.must_rejoin]:
            self.leave(connection)

    # --- Sending ---------------------------------------------------------------------

    def send(self, stretch: Stretch) -> None:
        """To every reader that lacks it. The leaver gets it, too, and nothing after."""
        self.last = stretch.seq
        frame = stretch.frame(self.room)
        # Once for all of them: counting costs a tenth of a delivery.
        metrics.deliveries.inc(len(self.live))
        for connection in self.live:
            connection.write(frame)
        for kept in self.joining.values():
            kept.append(stretch)
        if self.ahead:
            self._send_ahead(stretch)
        if stretch.leaver is None:
            return
        # Unsubscribe the leaver's connections, except those that rejoined after `seq`:
        # they are in `ahead`, or `go_live` handles them.
        for connection in self.all:
            is_back = self.ahead.get(connection, 0) >= stretch.seq
            if stretch.leaver in connection.names and not is_back:
                self.leave(connection)

    def _send_ahead(self, stretch: Stretch) -> None:
        for connection, head_seq in list(self.ahead.items()):
            if stretch.seq > head_seq:
                metrics.deliveries.inc()
                connection.write(stretch.frame(self.room, above=head_seq))
            if stretch.seq >= head_seq:
                del self.ahead[connection]
                self.live.add(connection)

    def send_volatile(self, frame: PreparedFrame, but_not: Container[str] = ()) -> None:
        """To all readers but guests, who hear the log and nothing of the people."""
        for connection in self.all:
            if has_account(connection.actor) and connection.user_id not in but_not:
                connection.write(frame, volatile=True)

    # --- Confirming that they may still read -----------------------------------------

    async def pause(self) -> list[Connection]:
        """Stop sending, and return the readers who may still read: all are live then.

        The others are expelled, and connections that were catching up have to join
        again. When the database does not answer, everything is as before.
        """
        last, self.last = self.last, None
        self.must_rejoin.update(self.joining)
        self.joining.clear()
        asked = self.subscriptions()
        try:
            await confirm([self])
        except BaseException:
            self.last = last
            raise
        remaining = [c for c, number in asked if self.holds(c, number)]
        for connection in remaining:
            self.ahead.pop(connection, None)
        self.live.update(remaining)
        return remaining

    def expel(self, connection: Connection) -> None:
        """Unsubscribe a reader whom no message of the log has taken out."""
        event = RoomRemoved if has_account(connection.actor) else RoomDeleted
        connection.write(prepared(event(self.room)))
        self.leave(connection)

    def holds(self, connection: Connection, number: int) -> bool:
        """Whether this is still the same subscription."""
        return connection.rooms.get(self.room) == number


async def confirm(rooms: Iterable[Readers]) -> None:
    """Expel the readers who may not read any more, by what the database says now."""
    asked = [(readers, *pair) for readers in rooms for pair in readers.subscriptions()]
    for some in in_parts(asked):
        people = [(connection.actor, readers.room) for readers, connection, _ in some]
        reading = await in_database(still_reading, people)
        for readers, connection, number in some:
            may_read = (connection.user_id, readers.room) in reading
            if not may_read and readers.holds(connection, number):
                readers.expel(connection)
