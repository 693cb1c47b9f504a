"""Events: the frames that the server sends by itself. A tag is the `type` on the wire.

Durable events carry `room` and `seq` and come in that order; the others are volatile.
Nothing in an event depends on who receives it, so each is encoded once.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from core.bus.envelopes import Change, EventName

from .payloads.invitations import ReceivedInvitationPayload
from .payloads.messages import MessagePayload
from .payloads.people import Time, UserPayload
from .payloads.rooms import MemberPayload, RoomPayload

_encoder = msgspec.json.Encoder()


class MessageCreated(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.created"
):
    room: str
    seq: int
    message: MessagePayload | Raw


class MessageUpdated(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.updated"
):
    """Edited, reacted to, pinned: the message as it is now."""

    room: str
    seq: int
    message: MessagePayload | Raw


class MessageDeleted(
    msgspec.Struct, frozen=True, tag_field="type", tag="message.deleted"
):
    """The row stays, without its text."""

    room: str
    seq: int
    message: MessagePayload | Raw


class TypingStarted(
    msgspec.Struct, frozen=True, tag_field="type", tag="typing.started"
):
    """Over by itself after `expires_in` seconds unless it comes again."""

    room: str
    user: UserPayload
    expires_in: int


class TypingStopped(
    msgspec.Struct, frozen=True, tag_field="type", tag="typing.stopped"
):
    room: str
    user: UserPayload


class ReadUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="read.updated"):
    """To one person's connections: how far they have read, and what is left."""

    room: str
    read_seq: int
    unread: int
    mentions: int


class PresenceChanged(
    msgspec.Struct, frozen=True, tag_field="type", tag="presence.changed"
):
    """Somebody came or went: in any tab or device of theirs."""

    user: str
    online: bool
    last_seen_at: Time | None


class UserUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="user.updated"):
    """Somebody's name or status is another; `presence.changed` says who is online."""

    user: UserPayload
    status: str


class BlocksChanged(
    msgspec.Struct, frozen=True, tag_field="type", tag="blocks.changed"
):
    """To one person's connections: the ids of all whom they do not want to hear."""

    blocked: list[str]


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


class MemberJoined(msgspec.Struct, frozen=True, tag_field="type", tag="member.joined"):
    """To subscribers with an account; `online` says whether the newcomer is."""

    room: str
    member: MemberPayload
    member_count: int
    online: bool


class MemberLeft(msgspec.Struct, frozen=True, tag_field="type", tag="member.left"):
    """To subscribers with an account: gone by themselves, removed or banned."""

    room: str
    user: str
    member_count: int


class MemberUpdated(
    msgspec.Struct, frozen=True, tag_field="type", tag="member.updated"
):
    """To subscribers with an account: a member's role or mute changed."""

    room: str
    member: MemberPayload


class RoomAdded(msgspec.Struct, frozen=True, tag_field="type", tag="room.added"):
    """To one person: you are a member, or what is yours in the room has changed.
    Replace what you have of the room."""

    room: RoomPayload


class RoomRemoved(msgspec.Struct, frozen=True, tag_field="type", tag="room.removed"):
    """To one person: you are a member no longer. In the directory the room stays."""

    room: str


class InvitationCreated(
    msgspec.Struct, frozen=True, tag_field="type", tag="invitation.created"
):
    """To the person who is invited."""

    invitation: ReceivedInvitationPayload


class InvitationDeleted(
    msgspec.Struct, frozen=True, tag_field="type", tag="invitation.deleted"
):
    """To the person who was invited: accepted, declined, or taken back."""

    invitation: str


class RoomCreated(msgspec.Struct, frozen=True, tag_field="type", tag="room.created"):
    """To everybody who may see the room, or now may: add it to the directory. What
    would be the reader's own is null."""

    room: RoomPayload


class RoomUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="room.updated"):
    """To everybody who may see the room. What would be the reader's own is null: keep
    yours."""

    room: RoomPayload


class RoomDeleted(msgspec.Struct, frozen=True, tag_field="type", tag="room.deleted"):
    """To everybody who could see the room and cannot any more: mostly it is gone."""

    room: str


_EVENTS: dict[EventName, type[MessageCreated | MessageUpdated | MessageDeleted]] = {
    "message.created": MessageCreated,
    "message.updated": MessageUpdated,
    "message.deleted": MessageDeleted,
}


def encode_message(message: MessagePayload) -> bytes:
    """The JSON of a message, which goes into events and replies as `Raw`, uncopied."""
    return _encoder.encode(message)


def changes_frame(room: str, after: int, seq: int, changes: Sequence[Change]) -> bytes:
    """The frame for these changes: a single one's own event, otherwise `room.changes`.

    `after` is the number before the first change, `seq` that of the last.
    """
    if len(changes) == 1 and changes[0].event is not None:
        event = _EVENTS[changes[0].event]
        return to_json(event(room, seq, Raw(changes[0].message)))
    messages = [Raw(change.message) for change in changes]
    return to_json(RoomChanges(room, after, seq, messages))


def to_json(event: Any) -> bytes:
    """The payload of a frame. Every frame that goes over a socket is encoded here."""
    return _encoder.encode(event)


def encode(event: Any) -> str:
    """The same as text, for an envelope of the bus."""
    return to_json(event).decode()
