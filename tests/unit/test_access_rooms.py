"""Fetching rooms, messages and seats: each is returned, or the refusal is raised."""

from uuid import UUID, uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.access.rooms import access_named, access_room
from chat.access.seat import seats
from chat.access.visibility import may_see
from chat.actions.rooms import create_room
from chat.errors import MessageNotFound, RoomNotFound
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import Resume
from chat.queries.messages import one_message
from core.errors import Forbidden
from tests.people import NOBODY, acting
from tests.unit.resuming import resumed


def test_a_member_gets_the_room_and_their_membership(
    bob: User, room: RoomPayload
) -> None:
    found = access_room(acting(bob), room.id)
    assert str(found.room.pk) == room.id
    assert found.membership == Membership.objects.get(user=bob)


def test_an_outsider_gets_a_public_room_without_a_membership(
    charlie: User, room: RoomPayload
) -> None:
    assert access_room(acting(charlie), room.id).membership is None


@pytest.mark.parametrize("room_id", ["", "general", "0", "x" * 64, "\x00", "é", "%"])
def test_a_malformed_id_is_the_id_of_no_room(alice: User, room_id: str) -> None:
    with pytest.raises(RoomNotFound):
        access_room(acting(alice), room_id)


@pytest.mark.parametrize("spelling", ["urn:uuid:{}", "{{{}}}", " {}", "{}\n"])
def test_another_spelling_of_an_id_is_the_id_of_no_room(
    alice: User, room: RoomPayload, spelling: str
) -> None:
    """Things that are kept by id must not know one room under two names."""
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


def test_a_person_who_loses_the_staff_flag_is_out_of_their_own_staff_room(
    dora: User, staff_room: RoomPayload
) -> None:
    assert str(access_room(acting(dora), staff_room.id).room.pk) == staff_room.id
    dora.is_staff = False
    with pytest.raises(RoomNotFound):
        access_room(acting(dora), staff_room.id)


def test_a_message_is_for_members(
    bob: User, charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    assert one_message(acting(bob), room.id, 2).seq == 2
    with pytest.raises(Forbidden):
        one_message(acting(charlie), room.id, 2)
    with pytest.raises(RoomNotFound):
        one_message(acting(charlie), private_room.id, 1)


@pytest.mark.parametrize("seq", [0, 3, 2**63 - 1, 2**63, 10**30])
def test_a_missing_message_is_not_found(bob: User, room: RoomPayload, seq: int) -> None:
    with pytest.raises(MessageNotFound):
        one_message(acting(bob), room.id, seq)


def test_a_message_of_another_room_is_not_found(bob: User, room: RoomPayload) -> None:
    other = create_room(acting(bob), name="other")
    with pytest.raises(MessageNotFound):
        one_message(acting(bob), other.id, 2)


def test_a_banned_person_no_longer_finds_a_public_room(
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
def test_a_public_room_is_found_by_its_name(
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
            [refused] = resumed(acting(charlie), [Resume(room_id)]).values()
        assert isinstance(refused, RoomNotFound)
