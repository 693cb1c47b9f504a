"""The messages between processes: envelopes, in packets through the channel layer."""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

# A class of people, for events that go to everybody of some classes. Everybody is in
# one of them, whichever rooms they belong to.
Audience = Literal["staff", "person", "guest"]
# This process, as the origin of its packets.
ORIGIN = secrets.token_hex(8)

EventName = Literal["message.created", "message.updated", "message.deleted"]


class Change(NamedTuple):
    """One number of a room's log, and the message as it is since, in encoded JSON.

    `event` is None when the change was read back from the log, which has the message's
    state but not its earlier events. `leaver` is the person (by id) or GUESTS whom the
    change takes out of the room: they receive nothing above `seq`.
    """

    seq: int
    event: EventName | None
    message: bytes
    leaver: str | None = None


class RoomChanged(msgspec.Struct, frozen=True, tag="room", array_like=True):
    room: str
    epoch: str
    changes: list[Change]


class ToPerson(msgspec.Struct, frozen=True, tag="person", array_like=True):
    """A volatile event for all connections of one person."""

    user: str
    text: str


class ToEverybody(msgspec.Struct, frozen=True, tag="everybody", array_like=True):
    """A volatile event for everybody in some audiences, less a few people."""

    audiences: list[Audience]
    but_not: list[str]
    text: str


class ToRoom(msgspec.Struct, frozen=True, tag="volatile", array_like=True):
    """A volatile event for the room's readers, less guests and a few people."""

    room: str
    text: str
    but_not: Sequence[str] = ()


class PersonChanged(msgspec.Struct, frozen=True, tag="presence", array_like=True):
    """A volatile event about a person, once to each reader of any of the rooms.

    With `user`, that person's own connections get it, too. Guests never do.
    """

    rooms: list[str]
    text: str
    user: str | None = None


class RoomGone(msgspec.Struct, frozen=True, tag="gone", array_like=True):
    """The room was deleted: every process drops its feed."""

    room: str


class GuestOut(msgspec.Struct, frozen=True, tag="guest", array_like=True):
    """A guest was banned from a room. No message of the log says so, since guests are
    no members, so this takes their connections out."""

    room: str
    user: str


class EndSessions(msgspec.Struct, frozen=True, tag="end", array_like=True):
    """Close a person's connections: those of one session, or of all (None).

    "All" are those with an older token version than `version`. A hint that comes late
    must not close the sockets that were opened with the new password.
    """

    user: str
    session: str | None
    version: int
    is_disabled: bool = False


class Opened(msgspec.Struct, frozen=True, tag="opened", array_like=True):
    """When a process's sockets of one person were opened, in seconds since the epoch.

    Sent when it opens one more, and as an answer, so that both processes count the
    other's sockets, too (realtime/delivery/connection_limit.py).
    """

    user: str
    process: str
    times: list[float]
    is_answer: bool


Envelope = (
    RoomChanged
    | ToRoom
    | ToPerson
    | ToEverybody
    | PersonChanged
    | RoomGone
    | GuestOut
    | EndSessions
    | Opened
)


class Packet(msgspec.Struct, frozen=True, array_like=True):
    """The envelopes that one process publishes together. A probe has none.

    `committed_at` is when the oldest was committed, by the clock of that process.
    """

    origin: str
    committed_at: float
    envelopes: list[Envelope]

    @property
    def is_own(self) -> bool:
        """Whether this process sent it: its hub got the packet before the layer did."""
        return self.origin == ORIGIN


_decoder = msgspec.msgpack.Decoder(Packet)


def open_packet(packet: bytes) -> Packet:
    return _decoder.decode(packet)
