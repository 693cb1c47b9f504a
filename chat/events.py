"""Events: what the server announces by itself. The name is the `type` on the wire.

Durable events carry `room` and `seq` and come in that order; the others are volatile.
Nothing in an event depends on who receives it, so each is encoded once.
"""

from typing import Any

import msgspec

from .payloads import MessagePayload, RoomPayload

_encoder = msgspec.json.Encoder()


class MessageCreated(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.created"
):
    room: str
    seq: int
    message: MessagePayload


class RoomChanges(msgspec.Struct, frozen=True, tag_field="type", tag="room.changes"):
    """All changes after `after` up to `seq`: how a gap is filled."""

    room: str
    after: int
    seq: int
    messages: list[MessagePayload]


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


def encode(event: Any) -> str:
    """The frame's text. Everything that is sent over a socket is encoded here."""
    return _encoder.encode(event).decode()
