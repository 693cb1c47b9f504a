"""What processes tell each other through the channel layer."""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

# What a person is to the whole server: all that a rule may ask of an outsider.
Audience = Literal["staff", "person", "guest"]
# Which process a packet comes from: its own hub has it already.
ORIGIN = secrets.token_hex(8)

EventName = Literal["message.created", "message.updated", "message.deleted"]


class Change(NamedTuple):
    """One number of a room's log: what happened, and the message as it is since.

    `message` is encoded JSON. `leaver` (a person's id, or GUESTS) receives nothing
    above this number. `event` is
    None for what was read back from the log: the state is known, not how it came about.
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
    """A volatile event for all connections of these standings, less those of a few."""

    of: list[Audience]
    but_not: list[str]
    text: str


class ToRoom(msgspec.Struct, frozen=True, tag="volatile", array_like=True):
    """A volatile event for the room's subscribers, less guests and a few people."""

    room: str
    text: str
    but_not: Sequence[str] = ()


class PersonChanged(msgspec.Struct, frozen=True, tag="presence", array_like=True):
    """A volatile event about a person, once to each who reads one of their rooms.

    Their own connections get it too when `user` names them; guests never.
    """

    rooms: list[str]
    text: str
    user: str | None = None


class RoomGone(msgspec.Struct, frozen=True, tag="gone", array_like=True):
    """The room was deleted: nobody is subscribed to it any more."""

    room: str


class GuestOut(msgspec.Struct, frozen=True, tag="guest", array_like=True):
    """A guest, who reads rooms without belonging to them, may not read this one."""

    room: str
    user: str


class EndSessions(msgspec.Struct, frozen=True, tag="end", array_like=True):
    """Close a person's connections: of one session, or of all (None).

    All are those of an older token version: a hint that comes late must not close what
    was opened with the new password.
    """

    user: str
    session: str | None
    version: int
    is_disabled: bool = False


class Opened(msgspec.Struct, frozen=True, tag="opened", array_like=True):
    """When a process's sockets of one person were opened: they are counted together."""

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
    """What one process publishes at once; without envelopes, to hear whether it comes.

    `committed_at` is the oldest one's, by the clock of the process that sends.
    """

    origin: str
    committed_at: float
    envelopes: list[Envelope]

    @property
    def is_own(self) -> bool:
        """Our own hub had it before the layer."""
        return self.origin == ORIGIN


_decoder = msgspec.msgpack.Decoder(Packet)


def open_packet(packet: bytes) -> Packet:
    return _decoder.decode(packet)
