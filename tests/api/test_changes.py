"""PATCH and DELETE of a message, its reactions and its pin; read markers."""

import pytest

from accounts.models import User
from chat.actions.messages import send_message
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .door import Door, check_refused


@pytest.fixture
def path(bob: User, room: RoomPayload) -> str:
    """bob's message 3."""
    send_message(acting(bob), room.id, client_id="1", body="hello")
    return f"rooms/{room.id}/messages/3"


def test_edit(as_bob: Door, as_alice: Door, path: str) -> None:
    changed = as_bob.patch(path, {"body": "changed"})
    assert changed.status == 200
    assert as_alice.get(path).content == changed.content
    assert changed.json()["body"] == "changed"


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": 5}, {"body": None}])
def test_edit_without_a_text(as_bob: Door, path: str, body: object) -> None:
    check_refused(as_bob.patch(path, body), 400, "invalid", "body")


def test_edit_too_long(as_bob: Door, path: str) -> None:
    check_refused(as_bob.patch(path, {"body": "x" * 4001}), 413, "too_long")


def test_delete(as_bob: Door, as_alice: Door, path: str) -> None:
    deleted = as_bob.delete(path)
    assert deleted.status == 200
    assert deleted.json()["body"] == ""
    assert as_alice.get(path).content == deleted.content


def test_react_and_take_back(as_alice: Door, path: str) -> None:
    added = as_alice.send("PUT", f"{path}/reactions/👍")
    assert [r["emoji"] for r in added.json()["reactions"]] == ["👍"]
    assert as_alice.send("PUT", f"{path}/reactions/👍").content == added.content
    assert as_alice.delete(f"{path}/reactions/👍").json()["reactions"] == []


def test_react_with_no_emoji(as_alice: Door, path: str) -> None:
    answer = as_alice.send("PUT", f"{path}/reactions/x")
    check_refused(answer, 400, "invalid", "emoji")


def test_pin(as_alice: Door, as_bob: Door, path: str) -> None:
    check_refused(as_bob.send("PUT", f"{path}/pin"), 403, "forbidden")
    assert as_alice.send("PUT", f"{path}/pin").json()["pinned_at"] is not None
    assert as_alice.delete(f"{path}/pin").json()["pinned_at"] is None


def test_somebody_elses_message(as_alice: Door, path: str) -> None:
    """alice owns the room: she may delete it, but not put words into bob's mouth."""
    check_refused(as_alice.patch(path, {"body": "x"}), 403, "forbidden")
    assert as_alice.delete(path).status == 200


def test_read_and_unread(as_alice: Door, room: RoomPayload, path: str) -> None:
    read = as_alice.send("PUT", f"rooms/{room.id}/read", {"seq": 3})
    assert read.json() == {"read_seq": 3, "unread": 0, "mentions": 0}
    back = as_alice.send("PUT", f"rooms/{room.id}/unread", {"seq": 3})
    assert back.json() == {"read_seq": 2, "unread": 1, "mentions": 0}
    [mine] = as_alice.get("rooms").json()["rooms"]
    assert mine["read"] == back.json()


@pytest.mark.parametrize("seq", [None, -1, "3", 1.5, True])
def test_read_without_a_number(as_alice: Door, path: str, seq: object) -> None:
    room = path.split("/")[1]
    answer = as_alice.send("PUT", f"rooms/{room}/read", {"seq": seq})
    check_refused(answer, 400, "invalid", "seq")
