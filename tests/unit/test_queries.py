"""Lists: which rows a reader gets, in what order, and in how many queries."""

from collections.abc import Sequence

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import queries
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room
from chat.errors import RoomNotFound
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Room
from chat.payloads.rooms import RoomPayload
from core.errors import Forbidden
from tests.people import acting, person


def names(rooms: Sequence[RoomPayload]) -> list[str]:
    return [room.name for room in rooms]


@pytest.fixture
def many_rooms(alice: User) -> None:
    for number in range(30):
        create_room(acting(alice), name=f"room-{number:02}")


def test_a_person_lists_the_rooms_they_belong_to(
    alice: User, bob: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    assert names(queries.rooms.rooms_of(acting(alice))) == ["attic", "general"]
    assert names(queries.rooms.rooms_of(acting(bob))) == ["general"]


def test_rooms_are_sorted_by_name_in_any_case(alice: User) -> None:
    for name in ("beta", "Alpha", "GAMMA"):
        create_room(acting(alice), name=name)
    assert names(queries.rooms.rooms_of(acting(alice))) == ["Alpha", "beta", "GAMMA"]
    assert names(queries.directory.directory(acting(alice)).rooms) == [
        "Alpha",
        "beta",
        "GAMMA",
    ]


def test_a_room_shows_its_readers_own_role(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    roles = [
        queries.rooms.room(acting(user), room.id).role for user in (alice, bob, charlie)
    ]
    assert roles == ["owner", "member", None]
    assert queries.directory.directory(acting(charlie)).rooms[0].role is None
    assert queries.directory.directory(acting(bob)).rooms[0].role == "member"


def test_the_directory_lists_the_public_rooms(
    charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    assert names(queries.directory.directory(acting(charlie)).rooms) == ["general"]


def test_the_directory_hides_a_private_room_from_its_members_too(
    alice: User, private_room: RoomPayload
) -> None:
    assert queries.directory.directory(acting(alice)).rooms == []


def test_the_directory_lists_a_staff_room_for_staff_alone(
    charlie: User, dora: User, staff_room: RoomPayload
) -> None:
    assert names(queries.directory.directory(acting(dora)).rooms) == ["bridge"]
    assert queries.directory.directory(acting(charlie)).rooms == []


def test_a_person_who_is_staff_no_longer_finds_the_staff_room_in_either_list(
    dora: User, staff_room: RoomPayload
) -> None:
    dora.is_staff = False
    assert queries.rooms.rooms_of(acting(dora)) == []
    assert queries.directory.directory(acting(dora)).rooms == []


def test_members_are_listed_by_username(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    join_room(acting(charlie), room.id)
    found = queries.members.members(acting(alice), room.id)
    listed = [(member.user.username, member.role) for member in found]
    assert listed == [("alice", "owner"), ("bob", "member"), ("charlie", "member")]


def test_only_members_list_the_members(
    charlie: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        queries.members.members(acting(charlie), room.id)
    with pytest.raises(RoomNotFound):
        queries.members.members(acting(charlie), private_room.id)


def test_heads_tell_of_the_rooms_that_were_asked_for(
    alice: User, room: RoomPayload, private_room: RoomPayload
) -> None:
    assert queries.rooms.heads([room.id]) == {room.id: (2, room.epoch)}
    assert queries.rooms.heads([]) == {}


def test_changes_have_everything_above_a_number(alice: User, room: RoomPayload) -> None:
    append([Draft(room.id, acting(alice), "one"), Draft(room.id, acting(alice), "two")])
    found = queries.messages.changes(room.id, 2)
    assert (found.epoch, found.head_seq) == (room.epoch, 4)
    assert [message.body for message in found.messages or []] == ["one", "two"]


def test_changes_are_none_when_they_are_too_many(
    alice: User, room: RoomPayload
) -> None:
    append([Draft(room.id, acting(alice), "x") for _ in range(501)])
    assert queries.messages.changes(room.id, 2).messages is None
    assert len(queries.messages.changes(room.id, 3).messages or []) == 500


@pytest.mark.usefixtures("many_rooms")
def test_listing_ones_rooms_takes_one_query(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert len(queries.rooms.rooms_of(acting(alice))) == 30


@pytest.mark.usefixtures("many_rooms")
def test_the_directory_takes_three_queries(
    charlie: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        assert len(queries.directory.directory(acting(charlie)).rooms) == 30


def test_listing_members_takes_two_queries(
    alice: User,
    room: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        join_room(acting(person(f"member-{number}")), room.id)
    with django_assert_num_queries(2):
        assert len(queries.members.members(acting(alice), room.id)) == 22


@pytest.mark.usefixtures("many_rooms")
def test_heads_take_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ids = [str(room.pk) for room in Room.objects.all()]
    with django_assert_num_queries(1):
        assert len(queries.rooms.heads(ids)) == 30
