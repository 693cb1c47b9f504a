"""Searching: which messages are found, and by whom."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from chat.actions.bans import ban
from chat.actions.members import remove_member
from chat.actions.memberships import join_room, leave_room
from chat.actions.messages import delete_message, edit_message
from chat.errors import RoomNotFound
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Membership, Message
from chat.payloads.messages import SearchPayload
from chat.payloads.rooms import RoomPayload
from chat.queries.search import search
from core.errors import Forbidden, Invalid
from tests.people import NOBODY, acting

from .found import found_by


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("red", ["a RED hen", "The red fox"]),
        ("HEN", ["a blue hen", "a RED hen"]),
        ("hen red", ["a RED hen"]),
        ("red -hen", ["The red fox"]),
        ("hen -red", ["a blue hen"]),
        ("hen -hen", []),
        ("green", []),
        ("fox!?", ["The red fox"]),
        ("general", []),
    ],
)
def test_a_message_is_found_when_it_has_every_word(
    bob: User, q: str, expected: list[str]
) -> None:
    assert found_by(bob, q) == expected


@pytest.mark.parametrize("written", ["café", "cafe\u0301", "Café"])
def test_a_word_with_letters_outside_ascii_is_found_in_any_form(
    alice: User, room: RoomPayload, written: str
) -> None:
    append_one(Draft(room.id, acting(alice), "Meet me at the café"))
    [hit] = search(acting(alice), q=written).hits
    start, end = hit.highlights[0]
    assert hit.snippet[start:end] == "café"


def test_an_outsider_finds_nothing(
    alice: User,
    charlie: User,
    talk: RoomPayload,
    private_room: RoomPayload,
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(alice, "red")[0] == "a red secret"
    assert found_by(charlie, "red") == []
    with pytest.raises(RoomNotFound):
        search(acting(charlie), q="red", room=private_room.id)
    with pytest.raises(Forbidden):
        search(acting(charlie), q="red", room=talk.id)


@pytest.mark.parametrize("room_id", ["nonsense", NOBODY, "\0", ""])
def test_a_search_in_a_room_that_is_not_there_is_refused(
    bob: User, room_id: str
) -> None:
    with pytest.raises(RoomNotFound):
        search(acting(bob), q="red", room=room_id)


def test_a_person_finds_nothing_of_a_private_room_they_are_not_in(
    alice: User, bob: User, talk: RoomPayload, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(bob, "secret") == []
    assert found_by(bob, "red") == ["a RED hen", "The red fox"]


@pytest.mark.parametrize("how", ["left", "removed", "banned"])
def test_a_person_who_is_out_of_the_room_finds_nothing(
    alice: User, bob: User, talk: RoomPayload, how: str
) -> None:
    out: dict[str, Callable[[], object]] = {
        "left": lambda: leave_room(acting(bob), talk.id),
        "removed": lambda: remove_member(acting(alice), talk.id, str(bob.pk)),
        "banned": lambda: ban(acting(alice), talk.id, str(bob.pk)),
    }
    out[how]()
    assert found_by(bob, "red") == []
    with pytest.raises(Forbidden if how != "banned" else RoomNotFound):
        search(acting(bob), q="red", room=talk.id)


def test_a_person_who_is_staff_no_longer_finds_nothing_of_staff_rooms(
    dora: User, staff_room: RoomPayload
) -> None:
    append_one(Draft(staff_room.id, acting(dora), "a red secret"))
    assert found_by(dora, "secret") == ["a red secret"]
    dora.is_staff = False
    assert found_by(dora, "secret") == []
    with pytest.raises(RoomNotFound):
        search(acting(dora), q="secret", room=staff_room.id)


def test_being_staff_alone_opens_no_room_to_a_search(
    alice: User, dora: User, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(dora, "secret") == []


def test_a_deleted_message_is_not_found(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    delete_message(acting(alice), talk.id, 3)
    assert found_by(bob, "fox") == []
    # Not by its flag alone either, should its text still be there.
    Message.objects.filter(seq=4).update(deleted_at=timezone.now())
    assert found_by(bob, "red") == []


def test_an_edited_message_is_found_by_its_new_words_alone(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    edit_message(acting(alice), talk.id, 3, body="the green fox")
    assert found_by(bob, "fox") == ["the green fox"]
    assert found_by(bob, "red fox") == []


def test_system_messages_are_not_found(bob: User, talk: RoomPayload) -> None:
    Message.objects.filter(kind="system").update(body="red")
    assert found_by(bob, "red") == ["a RED hen", "The red fox"]


def test_a_search_by_sender_finds_their_messages_alone(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    assert found_by(bob, "red", sender=str(alice.pk)) == ["The red fox"]
    assert found_by(bob, "red", sender=str(bob.pk)) == ["a RED hen"]
    for nobody in (str(uuid4()), "nonsense", "alice", "\0"):
        assert found_by(bob, "red", sender=nobody) == []


def test_a_search_in_one_room_finds_its_messages_alone(
    alice: User, talk: RoomPayload, private_room: RoomPayload
) -> None:
    append_one(Draft(private_room.id, acting(alice), "a red secret"))
    assert found_by(alice, "red", room=private_room.id) == ["a red secret"]
    assert found_by(alice, "red", room=talk.id) == ["a RED hen", "The red fox"]


def test_a_search_by_time_includes_its_start_and_not_its_end(
    bob: User, talk: RoomPayload
) -> None:
    noon = timezone.now() - timedelta(days=1)
    Message.objects.filter(seq=3).update(created_at=noon)
    later = noon + timedelta(seconds=1)
    assert found_by(bob, "red", after=noon, before=later) == ["The red fox"]
    assert found_by(bob, "red", after=later) == ["a RED hen"]
    assert found_by(bob, "red", before=noon) == []


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "%",
        "_",
        "\\",
        '"',
        "'",
        "🎉",
        "-red",
        '-"red hen',
        "x" * 201,
        "a\0",
        "a\ud800",
    ],
)
def test_a_search_without_a_word_is_invalid(bob: User, q: str) -> None:
    with pytest.raises(Invalid):
        search(acting(bob), q=q)


HOSTILE = [
    "red%",
    "re_d",
    "red\\",
    "red'",
    'red"',
    "'; DROP TABLE chat_message; -- x",
    "red & | ! <-> :* (",
    "red:*",
    "%s %d {0} %(q)s",
    "a" * 200,
    "or or or",
    "x " * 100,
    "-" * 199 + "x",
    '"' * 199 + "x",
]


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("q", HOSTILE)
def test_a_hostile_search_is_invalid_or_finds_nothing_more(bob: User, q: str) -> None:
    try:
        found = found_by(bob, q)
    except Invalid:
        return
    assert set(found) <= {"a RED hen", "The red fox"}


def test_wildcards_of_the_database_match_themselves_alone(
    alice: User, room: RoomPayload
) -> None:
    append(
        [Draft(room.id, acting(alice), body) for body in ("100 percent", "1x0", "10")]
    )
    assert found_by(alice, "1_0") == []
    assert found_by(alice, "1%0 1x0 %") == []
    assert found_by(alice, "100%") == ["100 percent"]


def test_a_person_without_rooms_finds_nothing(charlie: User, talk: RoomPayload) -> None:
    assert not Membership.objects.filter(user=charlie).exists()
    assert search(acting(charlie), q="red") == SearchPayload([], None)
    join_room(acting(charlie), talk.id)
    assert found_by(charlie, "fox") == ["The red fox"]
