"""GET directory."""

import pytest

from accounts.models import User
from chat import presence
from chat.actions.rooms import create_room
from chat.payloads.rooms import RoomPayload
from tests.people import acting

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


def test_a_person_who_lost_the_flag_of_staff_finds_no_staff_rooms(
    as_dora: Door, dora: User, room: RoomPayload, staff_room: RoomPayload
) -> None:
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    assert names(as_dora) == ["general"]


def test_member_is_shown_their_role(as_alice: Door, room: RoomPayload) -> None:
    [found] = as_alice.get("directory").json()["rooms"]
    assert found["role"] == "owner"


def test_anonymous_finds_nothing(anonymous: Door, room: RoomPayload) -> None:
    check_refused(anonymous.get("directory"), 401, "unauthorized")


def test_pages_follow_each_other(
    as_charlie: Door, alice: User, room: RoomPayload
) -> None:
    for name in ("attic", "zoo"):
        create_room(acting(alice), name=name)
    first = as_charlie.get("directory?limit=2").json()
    assert [entry["name"] for entry in first["rooms"]] == ["attic", "general"]
    second = as_charlie.get(f"directory?limit=2&cursor={first['next']}").json()
    assert [entry["name"] for entry in second["rooms"]] == ["zoo"]
    assert second["next"] is None


def test_entry_counts_people(as_charlie: Door, alice: User, room: RoomPayload) -> None:
    presence.arrive("p1", alice.pk)
    [found] = as_charlie.get("directory?search=GEN").json()["rooms"]
    assert (found["member_count"], found["online_count"]) == (2, 1)
    assert as_charlie.get("directory?search=lobby").json()["rooms"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=AA==", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=" + "YWFh" * 300, "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("search=%00", "search"),
        ("search=" + "x" * 81, "search"),
        ("sort=name", "sort"),
    ],
)
def test_bad_query_is_invalid(as_charlie: Door, query: str, field: str) -> None:
    check_refused(as_charlie.get(f"directory?{query}"), 400, "invalid", field)
