"""PATCH and DELETE rooms/{id}, GET rooms/by-name/{name}, POST rooms get_or_create."""

from urllib.parse import quote

import pytest

from accounts.models import User
from chat.actions.rooms import create_room
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .door import Door, check_refused


def test_owner_changes_the_room(as_alice: Door, room: RoomPayload) -> None:
    changes = {
        "name": " Lobby ",
        "topic": "Hello",
        "announcements_only": True,
        "notices": False,
        "slow_mode_seconds": 30,
        "retention_days": 36_500,
        "guests_may_read": True,
    }
    answer = as_alice.patch(f"rooms/{room.id}", changes)
    assert answer.status == 200
    changed = answer.json()
    assert {name: changed[name] for name in changes} == {**changes, "name": "Lobby"}
    assert (changed["role"], changed["head_seq"]) == ("owner", 5)
    assert as_alice.get(f"rooms/{room.id}").json() == changed


def test_owner_archives_and_restores(
    as_alice: Door, as_bob: Door, as_charlie: Door, room: RoomPayload
) -> None:
    path, message = f"rooms/{room.id}", {"client_id": "1", "body": "hello"}
    assert as_alice.patch(path, {"archived": True}).json()["archived_at"] is not None
    check_refused(as_bob.post(f"{path}/messages", message), 403, "forbidden")
    check_refused(as_charlie.post(f"{path}/join"), 403, "forbidden")
    assert as_bob.get(f"{path}/messages").status == 200
    assert as_alice.patch(path, {"archived": False}).json()["archived_at"] is None
    assert as_bob.post(f"{path}/messages", message).status == 201


def test_moderator_renames_and_does_no_more(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(role="moderator")
    path = f"rooms/{room.id}"
    assert as_bob.patch(path, {"name": "lobby"}).json()["name"] == "lobby"
    check_refused(as_bob.patch(path, {"archived": True}), 403, "forbidden")
    check_refused(as_bob.delete(path), 403, "forbidden")
    assert Room.objects.get().archived_at is None


def test_members_and_outsiders_change_nothing(
    as_bob: Door, as_charlie: Door, room: RoomPayload
) -> None:
    for door in (as_bob, as_charlie):
        answer = door.patch(f"rooms/{room.id}", {"topic": "mine"})
        check_refused(answer, 403, "forbidden")
        check_refused(door.delete(f"rooms/{room.id}"), 403, "forbidden")
    assert Room.objects.get().topic == ""


def test_taken_name(as_alice: Door, room: RoomPayload, alice: User) -> None:
    other = create_room(acting(alice), name="other")
    answer = as_alice.patch(f"rooms/{other.id}", {"name": "GENERAL"})
    check_refused(answer, 409, "conflict")


MALFORMED: dict[str, list[object]] = {
    "name": [None, "", "  ", "x" * 81, "a\x00b", 5],
    "topic": [None, "x" * 251, 5],
    "announcements_only": [None, "true", 1],
    "notices": [None, "true", 0],
    "slow_mode_seconds": [None, -1, 86_401, "5", 1.5, True],
    "retention_days": [0, -1, 36_501, "5", 1.5, True],
    "archived": [None, "true", 1, "2026-01-01T00:00:00Z"],
    "staff_only": [True],
    "kind": ["private"],
    "archived_at": [None],
}


@pytest.mark.parametrize(
    ("field", "value"), [(f, value) for f in MALFORMED for value in MALFORMED[f]]
)
def test_malformed_field(
    as_alice: Door, room: RoomPayload, field: str, value: object
) -> None:
    answer = as_alice.patch(f"rooms/{room.id}", {field: value})
    check_refused(answer, 400, "invalid", field)
    assert Room.objects.get().head_seq == 2


def test_owner_deletes_the_room(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    answer = as_alice.delete(f"rooms/{room.id}")
    assert (answer.status, answer.content) == (204, b"")
    assert not Room.objects.exists()
    for door in (as_alice, as_bob):
        check_refused(door.get(f"rooms/{room.id}"), 404, "room_not_found")
        check_refused(door.delete(f"rooms/{room.id}"), 404, "room_not_found")
        assert door.get("rooms").json() == {"rooms": []}


@pytest.mark.parametrize("name", ["general", "GENERAL"])
def test_room_by_its_name(as_charlie: Door, room: RoomPayload, name: str) -> None:
    found = as_charlie.get(f"rooms/by-name/{name}").json()
    assert (found["id"], found["role"]) == (room.id, None)


def test_member_finds_their_role_by_the_name(as_bob: Door, room: RoomPayload) -> None:
    assert as_bob.get("rooms/by-name/general").json()["role"] == "member"


@pytest.mark.parametrize("name", ["a/b", "messages", "Lobby 🌊", "50% off?", "a+b"])
def test_name_that_an_address_must_quote(
    as_alice: Door, alice: User, name: str
) -> None:
    made = create_room(acting(alice), name=name)
    answer = as_alice.get(f"rooms/by-name/{quote(name, safe='')}")
    assert answer.json()["id"] == made.id


@pytest.mark.parametrize("name", ["attic", "bridge", "nothing", "%00", "gen", "%25"])
def test_other_names_are_those_of_no_room(
    as_charlie: Door,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
    name: str,
) -> None:
    answer = as_charlie.get(f"rooms/by-name/{name}")
    check_refused(answer, 404, "room_not_found")
    assert answer.content == as_charlie.get("rooms/by-name/x").content


def test_banned_person_finds_nothing(
    as_charlie: Door, charlie: User, room: RoomPayload
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    for path in ("rooms/by-name/general", f"rooms/{room.id}"):
        check_refused(as_charlie.get(path), 404, "room_not_found")
    check_refused(as_charlie.post(f"rooms/{room.id}/join"), 404, "room_not_found")
    message = {"client_id": "1", "body": "hello"}
    answer = as_charlie.post(f"rooms/{room.id}/messages", message)
    check_refused(answer, 404, "room_not_found")
    assert as_charlie.get("directory").json()["rooms"] == []


def test_room_is_made_on_the_first_visit_and_joined_later(
    as_alice: Door, as_bob: Door
) -> None:
    body = {"name": "lobby", "get_or_create": True}
    made, joined, again = [
        door.post("rooms", body) for door in (as_alice, as_bob, as_alice)
    ]
    assert (made.status, made.json()["role"]) == (201, "owner")
    assert (joined.status, joined.json()["role"]) == (200, "member")
    assert (again.status, again.json()["role"]) == (200, "owner")


def test_only_public_rooms_are_found_by_their_name(as_alice: Door) -> None:
    body = {"name": "lobby", "kind": "private", "get_or_create": True}
    check_refused(as_alice.post("rooms", body), 400, "invalid", "get_or_create")


def test_name_of_a_staff_room_tells_nothing(
    as_charlie: Door, staff_room: RoomPayload
) -> None:
    body = {"name": "bridge", "get_or_create": True}
    answer = as_charlie.post("rooms", body)
    assert (answer.status, answer.json()["staff_only"]) == (201, False)
    assert answer.json()["id"] != staff_room.id
