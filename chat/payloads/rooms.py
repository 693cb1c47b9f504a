"""Wire shapes of rooms and their members."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Literal

import msgspec

from ..models import Ban, Membership, Room
from .people import Time, UserPayload, avatar_path, user_of_row, user_payload

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


# What queries read of a room, in the order of RoomPayload; what of the reader's own
# membership; and what of a member, before the columns of the person.
ROOM_COLUMNS = (
    "pk",
    "kind",
    "name",
    "topic",
    "staff_only",
    "guests_may_read",
    "announcements_only",
    "notices",
    "slow_mode_seconds",
    "retention_days",
    "color",
    "avatar",
    "archived_at",
    "head_seq",
    "epoch",
    "created_at",
)
OWN_COLUMNS = ("role", "notify", "muted_until")
MEMBER_COLUMNS = ("role", "muted_until", "joined_at")
_AVATAR = ROOM_COLUMNS.index("avatar")
_of_room = attrgetter(*ROOM_COLUMNS)
_of_membership = attrgetter(*OWN_COLUMNS)


def room_payload(
    room: Room,
    membership: Membership | None,
    read: ReadPayload | None = None,
    people: list[UserPayload] | None = None,
) -> RoomPayload:
    """Makes no query. Direct rooms and groups need `queries.rooms.people_of`."""
    own = (None, None, None) if membership is None else _of_membership(membership)
    return room_of_row(_of_room(room), own, read, people or [])


def room_of_row(
    room: Sequence[Any],
    own: Sequence[Any],
    read: ReadPayload | None,
    people: list[UserPayload],
) -> RoomPayload:
    return RoomPayload(*_fields(room, people, *own, read))


def directory_entry(
    room: Sequence[Any], own: Sequence[Any], members: int, online: int
) -> DirectoryEntry:
    fields = _fields(room, [], *own)
    return DirectoryEntry(*fields, member_count=members, online_count=online)


def _fields(room: Sequence[Any], *more: object) -> list[Any]:
    fields = [*room, *more]
    fields[0] = str(fields[0])
    fields[_AVATAR] = avatar_path(fields[_AVATAR])
    return fields


def member_payload(membership: Membership) -> MemberPayload:
    return MemberPayload(
        user=user_payload(membership.user),
        role=membership.role,  # type: ignore[arg-type]  # the column's choices
        muted_until=membership.muted_until,
        joined_at=membership.joined_at,
    )


def member_of_row(row: Sequence[Any]) -> MemberPayload:
    role, muted_until, joined_at, *user = row
    return MemberPayload(user_of_row(user), role, muted_until, joined_at)


def ban_payload(ban: Ban) -> BanPayload:
    return BanPayload(user_payload(ban.user), ban.created_at)
