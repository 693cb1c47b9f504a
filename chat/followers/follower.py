"""A follower of the log: a name, and what it does with changed messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..models import Message, Room


@dataclass(frozen=True, slots=True)
class Batch:
    """Changed messages of one room, ascending by `rev`, each as it is now.

    `upto` is the number that the cursor moves to once they are delivered. It may be
    above the last message's `rev`: not every number belongs to a message.
    """

    room: Room
    messages: Sequence[Message]
    upto: int


class Follower(Protocol):
    """Reads the log of every room. The runner calls it in a thread of its own.

    A message that changes twice may be delivered once, in its latest state. After a
    crash messages are delivered again, so a follower that acts on the outside world
    names each delivery by the room's id and the message's `rev`.
    """

    # The key of its cursors, of at most 32 characters: it must never change.
    name: str
    # How long to wait for more messages after the first one, so that a busy server
    # costs one look at a room instead of one for each message.
    gather_seconds: float

    def deliver(self, batch: Batch) -> None:
        """Take in one batch within leases.LEASE_SECONDS.

        An exception means that nothing of it counts as delivered: the same messages
        come again after a pause, which grows with each failure. Other rooms go on.
        """
