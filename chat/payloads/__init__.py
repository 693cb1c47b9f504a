"""Wire shapes, the same for both doors, and the one builder of each.

A builder makes no query: what it needs was loaded by `queries.py` or `log.py`. Nothing
in a shape depends on who receives it, except where its docstring says so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from accounts.models import User

from ..models import (
    Attachment,
    Ban,
    Export,
    Membership,
    Message,
    Reaction,
    Room,
)
from ..slash_commands import is_action

# Below the server's own address.
_API = "/api/v1"
# RFC 3339, always in UTC.
Time = Annotated[datetime, Meta(tz=True)]
Role = Literal["owner", "moderator", "member"]
Notify = Literal["all", "mentions", "none"]


class UserPayload(msgspec.Struct, frozen=True):
    """A person or a bot, as others see them. `avatar` is the path of a picture."""

    id: str
    username: str
    display_name: str
    is_bot: bool
    avatar: str | None


class ProfilePayload(UserPayload, frozen=True):
    """The same, and how they are. Nobody learns when who appears offline was here."""

    status: str
    online: bool
    last_seen_at: Time | None


class ReactionPayload(msgspec.Struct, frozen=True):
    """One emoji on a message: how often, and the ids of who."""

    emoji: str
    count: int
    users: list[str]


class AttachmentPayload(msgspec.Struct, frozen=True):
    """A file. `url` wants the token, or the signature that a link has; what is null
    is there for pictures alone."""

    id: str
    name: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None


class LinkPayload(msgspec.Struct, frozen=True):
    """For `<img src>`: both open without a token, for `expires_in` seconds."""

    url: str
    thumbnail_url: str | None
    expires_in: int


class MessagePayload(msgspec.Struct, frozen=True):
    """One row of a room's log. `event` says what a `system` message is about.

    `is_action`: the body is `/me waves`, to be shown as "* Alice waves"."""

    room: str
    seq: int
    rev: int
    kind: Literal["user", "system"]
    level: Literal["normal", "warning", "alert"]
    sender: UserPayload | None
    body: str
    is_action: bool
    client_id: str | None
    reply_to: int | None
    mentions: list[str]
    reactions: list[ReactionPayload]
    attachments: list[AttachmentPayload]
    created_at: Time
    edited_at: Time | None
    deleted_at: Time | None
    pinned_at: Time | None
    event: dict[str, Any] | UnsetType = UNSET


class ReadPayload(msgspec.Struct, frozen=True):
    """How far the reader has read a room; counts of what others wrote since, which stop
    at 1000: then it is so many or more."""

    read_seq: int
    unread: int
    mentions: int


class RoomPayload(msgspec.Struct, frozen=True):
    """A room. `role`, `notify`, `muted_until` and `read` are the reader's own: null for
    who is no member and in what goes to many. The directory has no `read`.

    A direct room and a group have `people` instead of a name; of others it is empty.
    """

    id: str
    kind: Literal["public", "private", "direct", "group"]
    name: str
    topic: str
    staff_only: bool
    guests_may_read: bool
    announcements_only: bool
    notices: bool
    slow_mode_seconds: int
    retention_days: int | None
    color: str
    avatar: str | None
    archived_at: Time | None
    head_seq: int
    epoch: str
    created_at: Time
    people: list[UserPayload]
    role: Role | None
    notify: Notify | None
    muted_until: Time | None
    read: ReadPayload | None = None


class RetentionPayload(msgspec.Struct, frozen=True):
    """What would be deleted now if messages were kept for so many days, and the oldest
    that would stay."""

    messages: int
    files: int
    oldest_seq: int | None
    oldest_at: Time | None


class ExportPayload(msgspec.Struct, frozen=True):
    """A person's data in one archive; `url` wants the token."""

    state: Literal["waiting", "running", "ready", "failed"]
    done: int
    total: int
    created_at: Time
    expires_at: Time | None
    url: str | None


class DirectoryEntry(RoomPayload, frozen=True, kw_only=True):
    """A public room, and how many belong to it and are online as it is read."""

    member_count: int
    online_count: int


class DirectoryPayload(msgspec.Struct, frozen=True):
    """A page of the directory, by name. `next` is the cursor of the next one."""

    rooms: list[DirectoryEntry]
    next: str | None


class MemberPayload(msgspec.Struct, frozen=True):
    """A person in a room."""

    user: UserPayload
    role: Role
    muted_until: Time | None
    joined_at: Time


class BanPayload(msgspec.Struct, frozen=True):
    """A person who may not come back into a room."""

    user: UserPayload
    created_at: Time


class HistoryPayload(msgspec.Struct, frozen=True):
    """A stretch of a room's log, ascending by `seq`."""

    messages: list[MessagePayload]
    has_before: bool
    has_after: bool


class HitPayload(msgspec.Struct, frozen=True):
    """A message that was found. `highlights` are stretches of `snippet`, plain text:
    from a character (a code point) up to before another."""

    message: MessagePayload
    snippet: str
    highlights: list[tuple[int, int]]


class SearchPayload(msgspec.Struct, frozen=True):
    """A page of a search, newest first. `next` is the cursor of the next one.

    A page may be short or empty and still have a next one: so far was searched."""

    hits: list[HitPayload]
    next: str | None


def user_payload(user: User) -> UserPayload:
    return UserPayload(
        str(user.pk),
        user.username,
        user.display_name,
        user.is_bot,
        avatar_path(user.avatar),
    )


def avatar_path(name: str) -> str | None:
    return f"{_API}/avatars/{name}" if name else None


def profile_payload(user: User, *, online: bool) -> ProfilePayload:
    return ProfilePayload(
        **msgspec.structs.asdict(user_payload(user)),
        status=user.status,
        online=online,
        last_seen_at=None if user.appear_offline else user.last_seen_at,
    )


def message_payload(message: Message) -> MessagePayload:
    """Needs the message whole; of a new one, its attachments if it has any."""
    return MessagePayload(
        room=str(message.room_id),
        seq=message.seq,
        rev=message.rev,
        kind=message.kind,  # type: ignore[arg-type]  # the column's choices
        level=message.level,  # type: ignore[arg-type]  # the column's choices
        sender=user_payload(message.sender) if message.sender else None,
        body=message.body,
        is_action=is_action(message.body),
        client_id=message.client_id,
        reply_to=message.reply_to,
        mentions=message.mentions,
        reactions=reaction_payloads(prefetched(message).get("reactions", ())),
        attachments=attachment_payloads(prefetched(message).get("attachments", ())),
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        pinned_at=message.pinned_at,
        event=UNSET if message.event is None else message.event,
    )


# A system message after which the person in it is no longer in the room.
LEAVING = {"member.left", "member.removed", "member.banned"}
# Stands for all of them where else a person's id stands.
GUESTS = "guests"


def leaver(message: MessagePayload) -> str | None:
    """Whom this message takes out of the room: it is the last that they receive.

    A person's id, or the word for many of them.
    """
    event = message.event
    if event is UNSET:
        return None
    if event["type"] in LEAVING:
        return str(event["user"])
    closes = event["type"] == "room.settings_changed"
    return GUESTS if closes and event.get("guests_may_read") is False else None


def reaction_payloads(reactions: Iterable[Reaction]) -> list[ReactionPayload]:
    users: dict[str, list[str]] = {}
    for reaction in reactions:
        users.setdefault(reaction.emoji, []).append(str(reaction.user_id))
    return [ReactionPayload(emoji, len(ids), ids) for emoji, ids in users.items()]


# Kinds of rooms that have people instead of a name.
NAMED_BY_PEOPLE = {Room.Kind.DIRECT, Room.Kind.GROUP}


def attachment_payloads(found: Iterable[Attachment]) -> list[AttachmentPayload]:
    """In the order of their upload: ids are made in order."""
    ordered = sorted(found, key=lambda attachment: attachment.pk)
    return [attachment_payload(attachment) for attachment in ordered]


def attachment_payload(attachment: Attachment) -> AttachmentPayload:
    path = attachment_path(attachment)
    return AttachmentPayload(
        id=str(attachment.pk),
        name=attachment.name,
        content_type=attachment.content_type,
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
        url=path,
        thumbnail_url=f"{path}/thumbnail" if attachment.thumbnail else None,
    )


def attachment_path(attachment: Attachment) -> str:
    return f"{_API}/attachments/{attachment.pk}"


def room_payload(
    room: Room, membership: Membership | None, read: ReadPayload | None = None
) -> RoomPayload:
    """Needs `people` loaded, of direct rooms and groups: `people.load_people`."""
    people = room.people if room.kind in NAMED_BY_PEOPLE else []
    return RoomPayload(
        id=str(room.pk),
        kind=room.kind,  # type: ignore[arg-type]  # the column's choices
        name=room.name,
        topic=room.topic,
        staff_only=room.staff_only,
        guests_may_read=room.guests_may_read,
        announcements_only=room.announcements_only,
        notices=room.notices,
        slow_mode_seconds=room.slow_mode_seconds,
        retention_days=room.retention_days,
        color=room.color,
        avatar=avatar_path(room.avatar),
        archived_at=room.archived_at,
        head_seq=room.head_seq,
        epoch=room.epoch,
        created_at=room.created_at,
        people=[user_payload(person) for person in people],
        role=membership.role if membership else None,  # type: ignore[arg-type]
        notify=membership.notify if membership else None,  # type: ignore[arg-type]
        muted_until=membership.muted_until if membership else None,
        read=read,
    )


def export_payload(export: Export) -> ExportPayload:
    return ExportPayload(
        export.state,  # type: ignore[arg-type]  # the column's choices
        export.done,
        export.total,
        export.created_at,
        export.expires_at,
        f"{_API}/me/export/file" if export.file else None,
    )


def directory_entry(
    room: Room, membership: Membership | None, members: int, online: int
) -> DirectoryEntry:
    shown = msgspec.structs.asdict(room_payload(room, membership))
    return DirectoryEntry(**shown, member_count=members, online_count=online)


def member_payload(membership: Membership) -> MemberPayload:
    return MemberPayload(
        user=user_payload(membership.user),
        role=membership.role,  # type: ignore[arg-type]  # the column's choices
        muted_until=membership.muted_until,
        joined_at=membership.joined_at,
    )


def ban_payload(ban: Ban) -> BanPayload:
    return BanPayload(user_payload(ban.user), ban.created_at)


def prefetched(message: Message) -> dict[str, Iterable[Any]]:
    """Where Django keeps what prefetch_related loaded, by relation.

    A message that was just inserted has nothing there, and no query should ask.
    """
    cache: dict[str, Iterable[Any]] = vars(message).setdefault(
        "_prefetched_objects_cache", {}
    )
    return cache
