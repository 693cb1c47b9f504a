"""The frames that the server sends besides events: hello, replies, errors, ping, bye.

The docstrings are the descriptions in asyncapi.yaml.
"""

from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone
from msgspec import UNSET, Raw, UnsetType

from chat.events import to_json
from chat.payloads.messages import MessagePayload
from chat.payloads.people import Time, UserPayload
from chat.payloads.rooms import RoomPayload
from core.errors import Refusal
from core.limits.table import LIMITS, Limits

from .close_codes import CloseCode
from .prepared import PreparedFrame

PROTOCOL = 1
HEARTBEAT_SECONDS = 25


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """The first frame. No frame for `heartbeat` + 10 s means the line is dead."""

    connection: str
    user: UserPayload
    server_time: Time
    token_expires_at: Time
    protocol: int = PROTOCOL
    heartbeat: int = HEARTBEAT_SECONDS
    limits: Limits = LIMITS


class Bye(msgspec.Struct, frozen=True, tag_field="type", tag="bye"):
    """The last frame, before the close with the same code."""

    code: int
    reason: str
    reconnect: bool
    retry_after: float | None


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping"):
    """Answer `{"type":"pong","n":n}` when you have handled what came before."""

    n: int


class TokenExpiring(
    msgspec.Struct, frozen=True, tag_field="type", tag="token.expiring"
):
    """A minute ahead: get a new access token and send it with `auth.refresh`."""

    expires_at: Time


class Reply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To a command with nothing to say but yes."""

    ref: int


class MessageReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `message.send`: it is stored."""

    ref: int
    message: MessagePayload | Raw
    duplicate: bool


class DirectReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """The room of the two people, and the message in it."""

    ref: int
    room: RoomPayload
    message: MessagePayload | Raw
    duplicate: bool


class ChangeReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To edit, delete and reaction commands: the message as it is now."""

    ref: int
    message: MessagePayload | Raw


class ReadReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `read.mark`: where the marker is now."""

    ref: int
    read_seq: int
    unread: int
    mentions: int


class HistoryReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `history`: a page, ascending by `seq`."""

    ref: int
    messages: list[MessagePayload]
    has_before: bool
    has_after: bool


class RoomReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `room.join` and `room.leave`: the room as it is now."""

    ref: int
    room: RoomPayload


class TokenReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `auth.refresh`: until when the connection may stay now."""

    ref: int
    token_expires_at: Time


class PongReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `ping`."""

    ref: int
    server_time: Time


class ErrorPayload(msgspec.Struct, frozen=True):
    """Why one room was refused."""

    code: str
    detail: str


class SubscribedRoom(msgspec.Struct, frozen=True):
    """One room of a subscribe reply: its state, or `error` alone."""

    room: str
    epoch: str | UnsetType = UNSET
    head_seq: int | UnsetType = UNSET
    recovered: bool | UnsetType | None = UNSET
    messages: list[MessagePayload] | UnsetType = UNSET
    # The ids of the members who are online now; changes follow as events.
    online: list[str] | UnsetType = UNSET
    error: ErrorPayload | UnsetType = UNSET


class SubscribeReply(msgspec.Struct, frozen=True, tag_field="type", tag="reply"):
    """To `subscribe`: what each room answers."""

    ref: int
    rooms: list[SubscribedRoom]


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """A command was refused. `ref` is null when the frame's could not be read."""

    ref: int | None
    code: str
    detail: str
    fields: dict[str, list[str]] | UnsetType = UNSET
    retry_after: float | UnsetType = UNSET


def prepared(event: Any) -> PreparedFrame:
    """The frame of a reply or an event."""
    return PreparedFrame(to_json(event))


def hello(
    connection: str, user: UserPayload, token_expires_at: datetime
) -> PreparedFrame:
    """The frame for a connection, by its id, that has just been opened."""
    return prepared(Hello(connection, user, timezone.now(), token_expires_at))


def bye(code: CloseCode, retry_after: float | None = None) -> PreparedFrame:
    return prepared(Bye(int(code), code.reason, code.reconnect, retry_after))


def error(ref: int | None, refusal: Refusal) -> PreparedFrame:
    fields: Any = refusal.fields
    return prepared(
        Error(
            ref,
            refusal.code,
            refusal.detail,
            fields=UNSET if fields is None else fields,
            retry_after=UNSET if refusal.retry_after is None else refusal.retry_after,
        )
    )


def error_payload(refusal: Refusal) -> ErrorPayload:
    return ErrorPayload(refusal.code, refusal.detail)
