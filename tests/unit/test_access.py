"""Every permission rule, and that what you may not see is not there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

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
from chat.access.rooms import access_message, access_named, access_room
from chat.access.seat import Seat, seats
from chat.access.visibility import check_member, check_read, check_see, may_see
from chat.actions.rooms import create_room
from chat.errors import (
    MessageNotFound,
    Muted,
    RoomNotFound,
    UserNotFound,
)
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.messages import Resume, catch_up
from core.errors import Forbidden, Refusal
from tests.people import NOBODY, acting

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
def test_who_may_see_read_and_join(
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
def test_guests_read_what_is_open_and_do_nothing(
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
def test_who_is_blocked_is_silent_in_direct_rooms_alone(
    kind: str, send: type[Refusal] | None
) -> None:
    here = seat(kind=kind, is_member=True, is_blocked=True)
    assert outcome(check_read, here) is None
    assert outcome(check_send, here) is send


def test_muted_member_reads_but_does_not_send() -> None:
    muted = seat(is_member=True, muted_for=60)
    assert outcome(check_read, muted) is None
    assert outcome(check_send, muted) is Muted


def test_mute_ends_by_itself() -> None:
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
def test_who_writes_announcements(
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
def test_who_manages_and_who_owns(
    situation: dict[str, Any],
    manage: type[Refusal] | None,
    own: type[Refusal] | None,
) -> None:
    here = seat(**situation)
    assert outcome(check_manage, here) is manage
    assert outcome(check_own, here) is own
    assert outcome(lambda s: check_update(s, {"name", "topic"}), here) is manage
    assert outcome(lambda s: check_update(s, {"archived"}), here) is own


def test_direct_room_is_not_left() -> None:
    here = seat(kind="direct", is_member=True)
    assert outcome(check_leave, here) is Forbidden
    assert outcome(check_leave, seat(is_member=True)) is None


def test_only_staff_make_staff_only_rooms() -> None:
    with pytest.raises(Forbidden):
        check_create(acting(User()), staff_only=True)
    check_create(acting(User()), staff_only=False)
    check_create(acting(User(is_staff=True)), staff_only=True)


def test_member_is_given_the_room_and_their_membership(
    bob: User, room: RoomPayload
) -> None:
    found = access_room(acting(bob), room.id)
    assert str(found.room.pk) == room.id
    assert found.membership == Membership.objects.get(user=bob)


def test_outsider_is_given_a_public_room_without_membership(
    charlie: User, room: RoomPayload
) -> None:
    assert access_room(acting(charlie), room.id).membership is None


@pytest.mark.parametrize("room_id", ["", "general", "0", "x" * 64, "\x00", "é", "%"])
def test_malformed_id_is_the_id_of_no_room(alice: User, room_id: str) -> None:
    with pytest.raises(RoomNotFound):
        access_room(acting(alice), room_id)


@pytest.mark.parametrize("spelling", ["urn:uuid:{}", "{{{}}}", " {}", "{}\n"])
def test_room_has_one_name(alice: User, room: RoomPayload, spelling: str) -> None:
    """What is kept by id must not know one room under two names."""
    for other in (room.id.upper(), room.id.replace("-", ""), spelling.format(room.id)):
        with pytest.raises(RoomNotFound):
            access_room(acting(alice), other)


def test_hidden_and_missing_rooms_raise_the_same(
    charlie: User, private_room: RoomPayload, staff_room: RoomPayload
) -> None:
    answers = set()
    for room_id in (private_room.id, staff_room.id, str(uuid4()), "nonsense"):
        with pytest.raises(RoomNotFound) as refused:
            access_room(acting(charlie), room_id)
        answers.add((refused.value.code, refused.value.detail, refused.value.status))
    assert len(answers) == 1


def test_who_loses_the_flag_is_out_of_their_own_staff_room(
    dora: User, staff_room: RoomPayload
) -> None:
    assert str(access_room(acting(dora), staff_room.id).room.pk) == staff_room.id
    dora.is_staff = False
    with pytest.raises(RoomNotFound):
        access_room(acting(dora), staff_room.id)


def test_message_is_for_members(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    assert access_message(acting(bob), room.id, 2).seq == 2
    with pytest.raises(Forbidden):
        access_message(acting(charlie), room.id, 2)
    with pytest.raises(RoomNotFound):
        access_message(acting(charlie), private_room.id, 1)


@pytest.mark.parametrize("seq", [0, 3, 2**63 - 1, 2**63, 10**30])
def test_missing_message(bob: User, room: RoomPayload, seq: int) -> None:
    with pytest.raises(MessageNotFound):
        access_message(acting(bob), room.id, seq)


def test_message_of_another_room_is_not_here(bob: User, room: RoomPayload) -> None:
    other = create_room(acting(bob), name="other")
    with pytest.raises(MessageNotFound):
        access_message(acting(bob), other.id, 2)


def test_banned_person_finds_a_public_room_no_more(
    charlie: User, room: RoomPayload
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    with pytest.raises(RoomNotFound):
        access_room(acting(charlie), room.id)
    with pytest.raises(RoomNotFound):
        access_named(acting(charlie), "general")
    [found] = seats(acting(charlie), Room.objects.values_list("pk", flat=True))
    assert not may_see(found)


@pytest.mark.parametrize("name", ["general", "General", "GENERAL"])
def test_public_room_is_found_by_its_name(
    charlie: User, room: RoomPayload, name: str
) -> None:
    assert str(access_named(acting(charlie), name).room.pk) == room.id


@pytest.mark.parametrize("name", ["attic", "bridge", "genera", "", "gen\0eral", "%"])
def test_other_rooms_are_not_found_by_their_names(
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
    name: str,
) -> None:
    with pytest.raises(RoomNotFound):
        access_named(acting(charlie), name)


def test_seats_of_one_person_in_several_rooms(
    bob: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    found = seats(acting(bob), [UUID(room.id), UUID(private_room.id), UUID(NOBODY)])
    named = {seat.room.name: seat for seat in found}
    assert set(named) == {"attic", "general"}
    assert named["attic"].membership is None
    assert named["general"].membership is not None


def test_hidden_seats_take_as_many_queries_as_missing_ones(
    charlie: User,
    private_room: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for room_id in (private_room.id, NOBODY):
        with django_assert_num_queries(3):
            [refused] = catch_up(acting(charlie), [Resume(room_id)]).values()
        assert isinstance(refused, RoomNotFound)
