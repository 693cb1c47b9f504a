"""GET me/blocks, PUT and DELETE me/blocks/{user}, and what the blocked are answered."""

from uuid import uuid4

import pytest

from accounts.models import User
from chat.models import Block, Room
from chat.payloads.rooms import RoomPayload
from tests.people import NOBODY

from .door import Door, check_refused


def test_blocking_and_unblocking(as_alice: Door, bob: User) -> None:
    path = f"me/blocks/{bob.pk}"
    for _ in range(2):
        assert as_alice.send("PUT", path).status == 204
        [blocked] = as_alice.get("me/blocks").json()["blocked"]
        assert set(blocked) == {"id", "username", "display_name", "is_bot", "avatar"}
        assert blocked["id"] == str(bob.pk)
    for _ in range(2):
        assert as_alice.delete(path).status == 204
        assert as_alice.get("me/blocks").json() == {"blocked": []}


def test_the_list_is_ones_own(as_alice: Door, as_bob: Door, bob: User) -> None:
    as_alice.send("PUT", f"me/blocks/{bob.pk}")
    assert as_bob.get("me/blocks").json() == {"blocked": []}


def test_oneself_is_not_blocked(as_alice: Door, alice: User) -> None:
    check_refused(as_alice.send("PUT", f"me/blocks/{alice.pk}"), 400, "invalid", "user")
    assert not Block.objects.exists()


@pytest.mark.parametrize("user_id", ["nonsense", "bob", "%00", "'", NOBODY])
def test_nobody_is_not_found(as_alice: Door, bob: User, user_id: str) -> None:
    check_refused(as_alice.send("PUT", f"me/blocks/{user_id}"), 404, "user_not_found")
    check_refused(as_alice.delete(f"me/blocks/{user_id}"), 404, "user_not_found")


def test_a_person_who_blocked_one_answers_as_nobody_does(
    as_alice: Door, as_bob: Door, alice: User, bob: User, charlie: User
) -> None:
    """Byte by byte, wherever the blocked may name a person."""
    mine = as_bob.post("rooms", {"name": "mine", "kind": "private"}).json()["id"]
    as_alice.send("PUT", f"me/blocks/{bob.pk}")
    for found, missing in (("alice", "nobody"), (str(alice.pk), str(uuid4()))):
        for path, body in (
            ("direct", '{"user": "?"}'),
            ("direct", '{"users": ["charlie", "?"]}'),
            (f"rooms/{mine}/members", '{"user": "?"}'),
        ):
            answers = [
                as_bob.raw("POST", path, body.replace("?", name))
                for name in (found, missing)
            ]
            check_refused(answers[0], 404, "user_not_found")
            assert answers[0] == answers[1]
    assert Room.objects.count() == 1


def test_the_direct_room_that_was_there_is_silent(
    as_alice: Door, as_bob: Door, bob: User
) -> None:
    room = as_alice.post("direct", {"user": "bob"}).json()["id"]
    path = f"rooms/{room}/messages"
    as_alice.send("PUT", f"me/blocks/{bob.pk}")
    answer = as_bob.post(path, {"client_id": "1", "body": "listen!"})
    check_refused(answer, 404, "user_not_found")
    assert as_alice.post(path, {"client_id": "1", "body": "No."}).status == 201
    assert len(as_bob.get(path).json()["messages"]) == 2


def test_the_messages_of_the_blocked_are_the_same_for_everybody(
    as_alice: Door, as_bob: Door, bob: User, room: RoomPayload
) -> None:
    as_alice.send("PUT", f"me/blocks/{bob.pk}")
    path = f"rooms/{room.id}/messages"
    assert as_bob.post(path, {"client_id": "1", "body": "hello"}).status == 201
    assert as_alice.get(path).json() == as_bob.get(path).json()


def test_anonymous_blocks_nobody(anonymous: Door, bob: User) -> None:
    check_refused(anonymous.get("me/blocks"), 401, "unauthorized")
    check_refused(anonymous.send("PUT", f"me/blocks/{bob.pk}"), 401, "unauthorized")
    check_refused(anonymous.delete(f"me/blocks/{bob.pk}"), 401, "unauthorized")
