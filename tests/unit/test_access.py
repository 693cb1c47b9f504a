"""Every permission rule, and that what you may not see is not there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat.access.messages import check_send
from chat.access.roles import (
    check_create,
    check_join,
    check_leave,
    check_manage,
    check_own,
    check_update,
)
from chat.access.seat import Seat
from chat.access.visibility import check_member, check_read, check_see, may_see
from chat.errors import (
    Muted,
    RoomNotFound,
    UserNotFound,
)
from chat.models import Membership, Room
from core.errors import Forbidden, Refusal
from tests.people import acting

Check = Callable[[Seat], None]


def seat(
    *,
    kind: str = "public",
    staff_only: bool = False,
    is_staff: bool = False,
    is_member: bool = False,
    is_banned: bool = False,
    is_blocked: bool = False,
    is_guest: bool = False,
    role: str = "member",
    muted_for: float | None = None,
    **fields: Any,
) -> Seat:
    user = User(is_staff=is_staff, is_guest=is_guest)
    room = Room(kind=kind, staff_only=staff_only, **fields)
    until = None if muted_for is None else timezone.now() + timedelta(seconds=muted_for)
    membership = Membership(room=room, user=user, role=role, muted_until=until)
    mine = membership if is_member else None
    return Seat(acting(user), room, mine, is_banned, is_blocked)


def outcome(check: Check, seat: Seat) -> type[Refusal] | None:
    try:
        check(seat)
    except Refusal as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize(
    ("situation", "see", "read", "join"),
    [
        ({}, None, Forbidden, None),
        ({"is_member": True}, None, None, None),
        ({"is_banned": True}, RoomNotFound, RoomNotFound, RoomNotFound),
        ({"is_banned": True, "is_staff": True}, *[RoomNotFound] * 3),
        ({"kind": "private"}, RoomNotFound, RoomNotFound, RoomNotFound),
        ({"kind": "private", "is_member": True}, None, None, None),
        ({"kind": "private", "is_staff": True}, *[RoomNotFound] * 3),
        ({"kind": "direct"}, RoomNotFound, RoomNotFound, RoomNotFound),
        ({"kind": "direct", "is_member": True}, None, None, None),
        ({"kind": "group"}, RoomNotFound, RoomNotFound, RoomNotFound),
        ({"kind": "group", "is_member": True}, None, None, None),
        ({"staff_only": True}, RoomNotFound, RoomNotFound, RoomNotFound),
        ({"staff_only": True, "is_staff": True}, None, Forbidden, None),
        ({"staff_only": True, "is_staff": True, "is_member": True}, *[None] * 3),
        # Made staff-only, or no longer staff: a member is out all the same.
        ({"staff_only": True, "is_member": True}, *[RoomNotFound] * 3),
        (
            {"staff_only": True, "kind": "private", "is_member": True},
            *[RoomNotFound] * 3,
        ),
        (
            {"staff_only": True, "kind": "private", "is_staff": True},
            *[RoomNotFound] * 3,
        ),
    ],
)
def test_a_seat_decides_who_sees_reads_and_joins(
    situation: dict[str, Any],
    see: type[Refusal] | None,
    read: type[Refusal] | None,
    join: type[Refusal] | None,
) -> None:
    here = seat(**situation)
    assert outcome(check_see, here) == see
    assert may_see(here) is (see is None)
    assert outcome(check_read, here) == read
    assert outcome(check_send, here) == read
    assert outcome(check_join, here) == join


@pytest.mark.parametrize(
    ("room", "see"),
    [
        ({"guests_may_read": True}, None),
        ({}, RoomNotFound),
        ({"guests_may_read": True, "kind": "private"}, RoomNotFound),
        ({"guests_may_read": True, "kind": "direct"}, RoomNotFound),
        ({"guests_may_read": True, "staff_only": True}, RoomNotFound),
        # No row should give a guest more, whoever wrote it.
        ({"kind": "private", "is_member": True}, RoomNotFound),
        ({"staff_only": True, "is_staff": True}, RoomNotFound),
        ({"guests_may_read": True, "is_member": True, "role": "owner"}, None),
        ({"guests_may_read": True, "is_staff": True}, None),
    ],
)
def test_guests_read_rooms_that_admit_them_and_do_nothing_else(
    room: dict[str, Any], see: type[Refusal] | None
) -> None:
    here = seat(is_guest=True, **room)
    assert may_see(here) is (see is None)
    assert outcome(check_see, here) == see
    assert outcome(check_read, here) == see
    for check in (
        check_member,
        check_send,
        check_join,
        check_manage,
        check_own,
    ):
        assert outcome(check, here) == (see or Forbidden)


@pytest.mark.parametrize(
    ("kind", "send"),
    [("direct", UserNotFound), ("group", None), ("private", None), ("public", None)],
)
def test_a_blocked_person_is_silent_in_the_direct_room_alone(
    kind: str, send: type[Refusal] | None
) -> None:
    here = seat(kind=kind, is_member=True, is_blocked=True)
    assert outcome(check_read, here) is None
    assert outcome(check_send, here) is send


def test_a_muted_member_reads_and_does_not_send() -> None:
    muted = seat(is_member=True, muted_for=60)
    assert outcome(check_read, muted) is None
    assert outcome(check_send, muted) is Muted


def test_a_mute_ends_by_itself() -> None:
    assert outcome(check_send, seat(is_member=True, muted_for=-1)) is None


def test_nobody_writes_in_or_joins_an_archived_room() -> None:
    archived: dict[str, Any] = {"archived_at": timezone.now()}
    for role in ("owner", "moderator", "member"):
        here = seat(is_member=True, role=role, **archived)
        assert outcome(check_read, here) is None
        assert outcome(check_send, here) is Forbidden
        assert outcome(check_join, here) is None
    assert outcome(check_join, seat(**archived)) is Forbidden


@pytest.mark.parametrize(
    ("situation", "send"),
    [
        ({"role": "owner"}, None),
        ({"role": "moderator"}, None),
        ({"role": "member", "is_staff": True}, None),
        ({"role": "member"}, Forbidden),
    ],
)
def test_only_owners_moderators_and_staff_write_announcements(
    situation: dict[str, Any], send: type[Refusal] | None
) -> None:
    here = seat(is_member=True, announcements_only=True, **situation)
    assert outcome(check_read, here) is None
    assert outcome(check_send, here) is send


@pytest.mark.parametrize(
    ("situation", "manage", "own"),
    [
        ({"is_member": True, "role": "owner"}, None, None),
        ({"is_member": True, "role": "moderator"}, None, Forbidden),
        ({"is_member": True}, Forbidden, Forbidden),
        ({"is_member": True, "is_staff": True}, Forbidden, Forbidden),
        ({}, Forbidden, Forbidden),
        ({"kind": "private"}, RoomNotFound, RoomNotFound),
        ({"is_banned": True}, RoomNotFound, RoomNotFound),
        (
            {"is_member": True, "role": "owner", "staff_only": True},
            *[RoomNotFound] * 2,
        ),
    ],
)
def test_the_role_decides_who_manages_and_who_owns(
    situation: dict[str, Any],
    manage: type[Refusal] | None,
    own: type[Refusal] | None,
) -> None:
    here = seat(**situation)
    assert outcome(check_manage, here) is manage
    assert outcome(check_own, here) is own
    assert outcome(lambda s: check_update(s, {"name", "topic"}), here) is manage
    assert outcome(lambda s: check_update(s, {"archived"}), here) is own


def test_nobody_leaves_a_direct_room() -> None:
    here = seat(kind="direct", is_member=True)
    assert outcome(check_leave, here) is Forbidden
    assert outcome(check_leave, seat(is_member=True)) is None


def test_only_staff_make_staff_only_rooms() -> None:
    with pytest.raises(Forbidden):
        check_create(acting(User()), staff_only=True)
    check_create(acting(User()), staff_only=False)
    check_create(acting(User(is_staff=True)), staff_only=True)
