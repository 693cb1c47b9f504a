"""The connections of this process that read one room, and how far each has got."""

from collections.abc import Container, Iterable
from itertools import count

from accounts.actor import has_account
from chat.access.readers import still_reading
from chat.events import RoomDeleted, RoomRemoved, encode
from core import metrics
from core.threads import in_database

from .connection import Connection
from .stretch import Stretch

_subscription_numbers = count(1)


class Readers:
    """Owned by the event loop. A connection that is no reader yet is joining."""

    def __init__(self, room: str) -> None:
        self.room = room
        # What was sent last. None until the room's head was read, and while a reset
        # asks who may still read: nothing goes out then.
        self.last: int | None = None
        # They have everything up to `last`.
        self.live: set[Connection] = set()
        # They caught up beyond `last`: up to which number.
        self.ahead: dict[Connection, int] = {}
        # They still catch up: what comes meanwhile is kept for them.
        self.joining: dict[Connection, list[Stretch]] = {}
        # A reset came while they caught up: they have to join again.
        self.overtaken: set[Connection] = set()

    @property
    def is_empty(self) -> bool:
        return not (self.live or self.ahead or self.joining or self.overtaken)

    @property
    def all(self) -> list[Connection]:
        """The connections that have had their reply; the others will read the state."""
        return [*self.live, *self.ahead]

    def subscriptions(self) -> list[tuple[Connection, int]]:
        """The readers, each with the number of its subscription.

        A reader that joins again gets another number: what the database said of the
        earlier subscription does not hold for the new one.
        """
        return [(reader, reader.rooms[self.room]) for reader in self.all]

    # --- Coming and going ------------------------------------------------------------

    def join(self, connection: Connection) -> None:
        """From here on nothing is missed: what comes is kept until `go_live`."""
        self.live.discard(connection)
        self.ahead.pop(connection, None)
        self.overtaken.discard(connection)
        self.joining[connection] = []
        connection.rooms[self.room] = next(_subscription_numbers)

    def go_live(self, connection: Connection, head: int) -> None:
        """The reader has everything up to `head`; send what came since `join`."""
        kept = self.joining.pop(connection, None)
        if kept is None:
            return  # left while the database was read
        if self.last is not None and head <= self.last:
            self.live.add(connection)
        else:
            self.ahead[connection] = head
        for stretch in kept:
            if stretch.seq > head:
                metrics.deliveries.inc()
                connection.write(stretch.frame(self.room, above=head))
                if stretch.leaver in connection.names:
                    self.leave(connection)
                    return

    def leave(self, connection: Connection) -> None:
        self.live.discard(connection)
        self.ahead.pop(connection, None)
        self.joining.pop(connection, None)
        self.overtaken.discard(connection)
        connection.rooms.pop(self.room, None)

    def clear(self) -> None:
        for connection in [*self.all, *self.joining, *self.overtaken]:
            self.leave(connection)

    # --- Sending ---------------------------------------------------------------------

    def send(self, stretch: Stretch) -> None:
        """To every reader that has not got it, and to the leaver as the last one."""
        self.last = stretch.seq
        text = stretch.frame(self.room)
        # Once for all of them: it costs as much as a tenth of a delivery.
        metrics.deliveries.inc(len(self.live))
        for connection in self.live:
            connection.write(text)
        for kept in self.joining.values():
            kept.append(stretch)
        if self.ahead:
            self._send_ahead(stretch)
        if stretch.leaver is not None:
            self._evict(stretch.leaver, stretch.seq)

    def _send_ahead(self, stretch: Stretch) -> None:
        for connection, head in list(self.ahead.items()):
            if stretch.seq > head:
                metrics.deliveries.inc()
                connection.write(stretch.frame(self.room, above=head))
            if stretch.seq >= head:
                del self.ahead[connection]
                self.live.add(connection)

    def _evict(self, leaver: str, seq: int) -> None:
        """Unsubscribe the leaver's connections, except those that rejoined after `seq`:
        they are in `ahead`, or `go_live` handles them."""
        for connection in self.all:
            if leaver in connection.names and self.ahead.get(connection, 0) < seq:
                self.leave(connection)

    def send_volatile(self, text: str, but_not: Container[str] = ()) -> None:
        """Guests do not get it: they hear the log and nothing of the people."""
        for connection in self.all:
            if has_account(connection.actor) and connection.user_id not in but_not:
                connection.write(text, volatile=True)

    # --- Whether they may still read -------------------------------------------------

    async def pause(self) -> list[Connection]:
        """Stop sending, and return the readers who may still read: all are live then.

        The others are expelled, and connections that were catching up have to join
        again. When the database does not answer, everything is as before.
        """
        last, self.last = self.last, None
        self.overtaken.update(self.joining)
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
        connection.write(encode(event(self.room)))
        self.leave(connection)

    def holds(self, connection: Connection, number: int) -> bool:
        """Whether this is still the same subscription."""
        return connection.rooms.get(self.room) == number


async def confirm(rooms: Iterable[Readers]) -> None:
    """Expel the readers who may not read any more, by what the database says now."""
    asked = [(readers, *pair) for readers in rooms for pair in readers.subscriptions()]
    people = {(connection.actor, readers.room) for readers, connection, _ in asked}
    reading = await in_database(still_reading, people)
    for readers, connection, number in asked:
        may_read = (connection.user_id, readers.room) in reading
        if not may_read and readers.holds(connection, number):
            readers.expel(connection)
