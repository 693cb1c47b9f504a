"""Events: what the server announces by itself. The name is the `type` on the wire.

Durable events carry `room` and `seq` and come in that order; the others are volatile.
Nothing in an event depends on who receives it, so each is encoded once.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Raw

from .payloads import MessagePayload, RoomPayload

_encoder = msgspec.json.Encoder()


class MessageCreated(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.created"
):
    room: str
    seq: int
    message: MessagePayload | Raw


class RoomChanges(msgspec.Struct, frozen=True, tag_field="type", tag="room.changes"):
    """All changes after `after` up to `seq`, by `rev`: several that were committed at
    once, or what fills a gap."""

    room: str
    after: int
    seq: int
    messages: Sequence[MessagePayload | Raw]


class RoomReset(msgspec.Struct, frozen=True, tag_field="type", tag="room.reset"):
    """Too much was missed: drop the room's state and read its history."""

    room: str
    seq: int
    epoch: str


class RoomAdded(msgspec.Struct, frozen=True, tag_field="type", tag="room.added"):
    """To one person: you are a member now; `role` in the room is yours."""

    room: RoomPayload


class RoomRemoved(msgspec.Struct, frozen=True, tag_field="type", tag="room.removed"):
    """To one person: you are a member no longer."""

    room: str


Event = MessageCreated | RoomChanges | RoomReset | RoomAdded | RoomRemoved


class Change(NamedTuple):
    """One number of a room's log: what happened, and the message as it is since.

    `message` is encoded JSON. `leaver` receives nothing above this number. `event` is
    None for what was read back from the log: the state is known, not how it came about.
    """

    seq: int
    event: Literal["message.created"] | None
    message: bytes
    leaver: str | None = None


def encode_message(message: MessagePayload) -> bytes:
    """For events and replies alike: as `Raw` it goes into either without a copy."""
    return _encoder.encode(message)


def changes_frame(room: str, after: int, seq: int, changes: Sequence[Change]) -> str:
    """The event for these changes: its own for a single one, else `room.changes`."""
    if len(changes) == 1 and changes[0].event is not None:
        return encode(MessageCreated(room, seq, Raw(changes[0].message)))
    messages = [Raw(change.message) for change in changes]
    return encode(RoomChanges(room, after, seq, messages))


def encode(event: Any) -> str:
    """The frame's text. Everything that is sent over a socket is encoded here."""
    return _encoder.encode(event).decode()
