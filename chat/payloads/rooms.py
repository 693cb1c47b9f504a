"""Wire shapes of rooms and their members."""

from typing import Literal

import msgspec

from ..models import Ban, Membership, Room
from .people import Time, UserPayload, avatar_path, user_payload

Role = Literal["owner", "moderator", "member"]


Notify = Literal["all", "mentions", "none"]


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


# Kinds of rooms that have people instead of a name.
NAMED_BY_PEOPLE = {Room.Kind.DIRECT, Room.Kind.GROUP}


def room_payload(
    room: Room, membership: Membership | None, read: ReadPayload | None = None
) -> RoomPayload:
    """Makes no query. Load the `people` of direct rooms and groups first, with
    `queries.rooms.load_people`."""
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
