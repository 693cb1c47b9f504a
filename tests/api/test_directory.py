"""GET directory."""

from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.actions.rooms import create_room
from chat.payloads import RoomPayload

from .door import Door, check_refused


def names(door: Door) -> list[str]:
    return [room["name"] for room in door.get("directory").json()["rooms"]]


def test_outsider_finds_the_public_rooms(
    as_charlie: Door,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
) -> None:
    [found] = as_charlie.get("directory").json()["rooms"]
    assert (found["id"], found["role"]) == (room.id, None)


def test_staff_find_their_rooms_too(
    as_dora: Door, room: RoomPayload, staff_room: RoomPayload
) -> None:
    assert names(as_dora) == ["bridge", "general"]


def test_who_lost_the_flag_does_not(
    as_dora: Door, dora: User, room: RoomPayload, staff_room: RoomPayload
) -> None:
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    assert names(as_dora) == ["general"]


def test_member_is_shown_their_role(as_alice: Door, room: RoomPayload) -> None:
    [found] = as_alice.get("directory").json()["rooms"]
    assert found["role"] == "owner"


def test_list_is_four_queries_however_long(
    as_bob: Door, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        create_room(alice, name=f"room-{number}")
    with django_assert_num_queries(4):
        assert len(names(as_bob)) == 20


def test_anonymous_finds_nothing(anonymous: Door, room: RoomPayload) -> None:
    check_refused(anonymous.get("directory"), 401, "unauthorized")
