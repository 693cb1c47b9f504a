"""GET rooms/{id}/messages and rooms/{id}/messages/{seq}."""

from urllib.parse import quote

import pytest

from accounts.models import User
from chat.log.append import append
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .door import Answer, Door, check_refused


@pytest.fixture
def talk(bob: User, room: RoomPayload) -> RoomPayload:
    """The room, with a log from 1 to 62."""
    append([Draft(room.id, acting(bob), f"{n}", f"{n}") for n in range(3, 63)])
    return room


def page(door: Door, room: RoomPayload, query: str = "") -> Answer:
    return door.get(f"rooms/{room.id}/messages{query}")


@pytest.mark.parametrize(
    ("query", "first", "last", "has_before", "has_after"),
    [
        ("", 13, 62, True, False),
        ("?limit=100", 1, 62, False, False),
        ("?limit=1", 62, 62, True, False),
        ("?before=13", 1, 12, False, True),
        ("?after=12&limit=3", 13, 15, True, True),
        ("?around=30&limit=5", 28, 32, True, True),
        ("?after=0", 1, 50, False, True),
        ("?before=9223372036854775808&limit=2", 61, 62, True, False),
    ],
)
def test_pages(
    as_bob: Door,
    talk: RoomPayload,
    query: str,
    first: int,
    last: int,
    has_before: bool,
    has_after: bool,
) -> None:
    answer = page(as_bob, talk, query)
    assert answer.status == 200
    found = answer.json()
    assert set(found) == {"messages", "has_before", "has_after"}
    assert [m["seq"] for m in found["messages"]] == list(range(first, last + 1))
    assert (found["has_before"], found["has_after"]) == (has_before, has_after)


@pytest.mark.parametrize("name", ["before", "after", "around", "limit"])
@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "null", "٣x", "\x00", "1,2"])
def test_malformed_query(
    as_bob: Door, room: RoomPayload, name: str, value: str
) -> None:
    answer = page(as_bob, room, f"?{name}={quote(value)}")
    check_refused(answer, 400, "invalid", name)


@pytest.mark.parametrize("limit", ["0", "101", "9" * 30, "9" * 5_000])
def test_limit_has_limits(as_bob: Door, room: RoomPayload, limit: str) -> None:
    check_refused(page(as_bob, room, f"?limit={limit}"), 400, "invalid", "limit")


@pytest.mark.parametrize("query", ["?before=1&after=1", "?around=1&before=1"])
def test_one_cursor_at_most(as_bob: Door, room: RoomPayload, query: str) -> None:
    check_refused(page(as_bob, room, query), 400, "invalid", "before")


def test_unknown_query(as_bob: Door, room: RoomPayload) -> None:
    check_refused(page(as_bob, room, "?offset=1"), 400, "invalid", "offset")


def test_outsiders_and_anonymous_read_nothing(
    as_charlie: Door,
    anonymous: Door,
    room: RoomPayload,
    private_room: RoomPayload,
) -> None:
    check_refused(page(as_charlie, room), 403, "forbidden")
    check_refused(page(as_charlie, private_room), 404, "room_not_found")
    check_refused(page(anonymous, room), 401, "unauthorized")


def test_one_message_is_as_in_the_page(as_bob: Door, talk: RoomPayload) -> None:
    answer = as_bob.get(f"rooms/{talk.id}/messages/13")
    assert answer.status == 200
    assert answer.json() == page(as_bob, talk).json()["messages"][0]
    assert answer.json()["body"] == "13"


def test_system_message_says_what_happened(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    message = as_bob.get(f"rooms/{room.id}/messages/2").json()
    assert message["kind"] == "system"
    assert message["event"] == {"type": "member.joined", "user": str(bob.pk)}


def test_persons_message_has_no_event(as_bob: Door, talk: RoomPayload) -> None:
    message = as_bob.get(f"rooms/{talk.id}/messages/3").json()
    assert message["kind"] == "user"
    assert "event" not in message


@pytest.mark.parametrize("seq", ["0", "3", "9223372036854775808", "9" * 30])
def test_message_that_is_not_there(as_bob: Door, room: RoomPayload, seq: str) -> None:
    answer = as_bob.get(f"rooms/{room.id}/messages/{seq}")
    check_refused(answer, 404, "message_not_found")


def test_outsiders_and_anonymous_read_no_single_message(
    as_charlie: Door, anonymous: Door, room: RoomPayload
) -> None:
    path = f"rooms/{room.id}/messages/1"
    check_refused(as_charlie.get(path), 403, "forbidden")
    check_refused(anonymous.get(path), 401, "unauthorized")


def test_a_person_who_left_reads_nothing_more(as_bob: Door, talk: RoomPayload) -> None:
    as_bob.post(f"rooms/{talk.id}/leave")
    check_refused(page(as_bob, talk), 403, "forbidden")
    check_refused(as_bob.get(f"rooms/{talk.id}/messages/3"), 403, "forbidden")
