"""POST direct and GET users."""

import pytest

from accounts.models import User
from chat.models import Membership, Room
from chat.payloads.rooms import RoomPayload

from .door import Door, check_refused


def test_direct_room_is_made_once(as_alice: Door, as_bob: Door, alice: User) -> None:
    made = as_alice.post("direct", {"user": "bob"})
    assert made.status == 201
    room = made.json()
    assert (room["kind"], room["name"], room["role"]) == ("direct", "", "member")
    found = as_bob.post("direct", {"user": str(alice.pk)})
    assert (found.status, found.json()) == (200, room)
    for door in (as_alice, as_bob):
        [mine] = door.get("rooms").json()["rooms"]
        assert mine["id"] == room["id"]


def test_others_do_not_see_it(as_alice: Door, bob: User, as_charlie: Door) -> None:
    path = "rooms/" + as_alice.post("direct", {"user": "bob"}).json()["id"]
    check_refused(as_charlie.get(path), 404, "room_not_found")
    check_refused(as_charlie.post(f"{path}/join"), 404, "room_not_found")


def test_it_is_not_left_changed_or_filled(
    as_alice: Door, bob: User, charlie: User
) -> None:
    path = "rooms/" + as_alice.post("direct", {"user": "bob"}).json()["id"]
    check_refused(as_alice.post(f"{path}/leave"), 403, "forbidden")
    check_refused(as_alice.patch(path, {"name": "ours"}), 403, "forbidden")
    check_refused(as_alice.delete(path), 403, "forbidden")
    answer = as_alice.post(f"{path}/members", {"user": "charlie"})
    check_refused(answer, 403, "forbidden")
    assert Membership.objects.count() == 2


def test_yourself_is_refused(as_alice: Door, alice: User) -> None:
    for me in ("alice", "Alice", str(alice.pk)):
        answer = as_alice.post("direct", {"user": me})
        check_refused(answer, 400, "invalid", "user")
        answer = as_alice.post("direct", {"users": [me]})
        check_refused(answer, 400, "invalid", "users")
    assert not Room.objects.exists()


def test_nobody_is_not_found(as_alice: Door) -> None:
    for body in ({"user": "nobody"}, {"users": ["nobody"]}):
        check_refused(as_alice.post("direct", body), 404, "user_not_found")


def test_group(as_alice: Door, as_bob: Door, as_charlie: Door, dora: User) -> None:
    made = as_alice.post("direct", {"users": ["bob", "charlie"]})
    assert (made.status, made.json()["kind"]) == (201, "group")
    path = "rooms/" + made.json()["id"]
    assert as_alice.get(path).json()["role"] == "owner"
    assert as_charlie.get(path).json()["role"] == "member"
    assert len(as_bob.get(f"{path}/members").json()["members"]) == 3
    assert as_bob.post(f"{path}/leave").status == 200
    check_refused(as_bob.get(path), 404, "room_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "user"),
        ({"user": "bob", "users": ["bob"]}, "user"),
        ({"user": None}, "user"),
        ({"user": ""}, "user"),
        ({"user": 5}, "user"),
        ({"user": ["bob"]}, "user"),
        ({"user": "x" * 65}, "user"),
        ({"users": None}, "users"),
        ({"users": "bob"}, "users"),
        ({"users": []}, "users"),
        ({"users": {}}, "users"),
        ({"users": ["bob", 5]}, "users"),
        ({"users": ["bob", None]}, "users"),
        ({"users": ["a\x00"]}, "users"),
        ({"users": [["bob"]]}, "users"),
        ({"users": [f"user-{n}" for n in range(10)]}, "users"),
        ({"user": "bob", "name": "us"}, "name"),
    ],
)
def test_malformed_body(as_alice: Door, bob: User, body: object, field: str) -> None:
    answer = as_alice.post("direct", body)
    check_refused(answer, 400, "invalid", field)
    assert b"ErrorDetail" not in answer.content
    assert not Room.objects.exists()


def test_people(as_alice: Door, bob: User) -> None:
    answer = as_alice.get("users?search=Bo")
    assert answer.status == 200
    [found] = answer.json()["users"]
    assert found == as_alice.get(f"users/{bob.pk}").json()
    assert as_alice.get("users?search=alice").json() == {"users": []}


@pytest.mark.parametrize("query", ["", "?search=", "?search=%00", "?search=%20"])
def test_search_for_nothing(as_alice: Door, query: str) -> None:
    check_refused(as_alice.get(f"users{query}"), 400, "invalid", "search")


def test_search_that_is_too_long_or_unknown(as_alice: Door, room: RoomPayload) -> None:
    answer = as_alice.get("users?search=" + "x" * 65)
    check_refused(answer, 400, "invalid", "search")
    answer = as_alice.get("users?search=b&page=2")
    check_refused(answer, 400, "invalid", "page")


def test_anonymous_finds_nobody(anonymous: Door, bob: User) -> None:
    check_refused(anonymous.get("users?search=bob"), 401, "unauthorized")
