"""GET and POST rooms, GET rooms/{id}."""

from typing import Any

import pytest

from accounts.models import User
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload

from .door import Answer, Door, check_refused


def make(door: Door, **fields: Any) -> Answer:
    return door.post("rooms", {"name": "lobby", **fields})


def test_my_rooms(
    as_alice: Door, as_bob: Door, room: RoomPayload, private_room: RoomPayload
) -> None:
    mine = as_alice.get("rooms").json()["rooms"]
    assert [(r["name"], r["role"]) for r in mine] == [
        ("attic", "owner"),
        ("general", "owner"),
    ]
    assert [r["name"] for r in as_bob.get("rooms").json()["rooms"]] == ["general"]


def test_outsider_belongs_to_no_room(as_charlie: Door, room: RoomPayload) -> None:
    answer = as_charlie.get("rooms")
    assert (answer.status, answer.json()) == (200, {"rooms": []})


def test_made_room(as_alice: Door, alice: User) -> None:
    answer = make(as_alice, name="  Lobby 🌊 ", topic="Hello")
    assert answer.status == 201
    room = answer.json()
    assert (room["name"], room["topic"]) == ("Lobby 🌊", "Hello")
    assert (room["kind"], room["staff_only"]) == ("public", False)
    assert (room["role"], room["head_seq"]) == ("owner", 1)
    assert as_alice.get(f"rooms/{room['id']}").json() == room
    assert Membership.objects.get().user == alice
    assert Message.objects.get().event == {"type": "room.created"}


def test_private_room_is_seen_by_its_maker_alone(as_alice: Door, as_bob: Door) -> None:
    room = make(as_alice, kind="private").json()
    assert as_alice.get(f"rooms/{room['id']}").status == 200
    check_refused(as_bob.get(f"rooms/{room['id']}"), 404, "room_not_found")


@pytest.mark.parametrize("name", ["general", "General", "GENERAL", " general "])
def test_public_name_is_taken(as_charlie: Door, room: RoomPayload, name: str) -> None:
    check_refused(make(as_charlie, name=name), 409, "conflict")
    assert Room.objects.count() == 1


def test_private_name_is_nobodys_business(
    as_charlie: Door, private_room: RoomPayload
) -> None:
    assert make(as_charlie, name=private_room.name).status == 201


def test_staff_make_staff_rooms(as_dora: Door) -> None:
    assert make(as_dora, staff_only=True).json()["staff_only"] is True


def test_others_do_not(as_alice: Door) -> None:
    check_refused(make(as_alice, staff_only=True), 403, "forbidden")
    assert not Room.objects.exists()


MALFORMED: dict[str, list[object]] = {
    "name": [None, "", "  ", "x" * 81, "a\x00b", [], True, 5],
    "kind": [None, "", "direct", "group", "PUBLIC", [], {}],
    "topic": [None, "x" * 251, "\x00", [], True, 5],
    "staff_only": [None, "maybe", "true", 1, [], {}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, value) for f in MALFORMED for value in MALFORMED[f]]
)
def test_malformed_field(as_dora: Door, field: str, value: object) -> None:
    check_refused(make(as_dora, **{field: value}), 400, "invalid", field)
    assert not Room.objects.exists()


@pytest.mark.parametrize("field", ["id", "head_seq", "epoch", "owner", "members"])
def test_unknown_field(as_alice: Door, field: str) -> None:
    check_refused(make(as_alice, **{field: 1}), 400, "invalid", field)


def test_missing_name(as_alice: Door) -> None:
    check_refused(as_alice.post("rooms", {}), 400, "invalid", "name")


def test_outsider_sees_a_public_room(as_charlie: Door, room: RoomPayload) -> None:
    shown = as_charlie.get(f"rooms/{room.id}").json()
    assert (shown["id"], shown["role"]) == (room.id, None)


def test_anonymous_sees_and_makes_nothing(anonymous: Door, room: RoomPayload) -> None:
    for answer in (anonymous.get("rooms"), anonymous.get(f"rooms/{room.id}")):
        check_refused(answer, 401, "unauthorized")
    check_refused(make(anonymous), 401, "unauthorized")
    assert Room.objects.count() == 1
