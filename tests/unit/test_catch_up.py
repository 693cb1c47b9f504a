"""Resuming: everything that changed since, or a plain no; never a part."""

from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.actions.attachments import add_attachment
from chat.actions.messages import delete_message
from chat.actions.pins import pin_message
from chat.actions.reactions import add_reaction
from chat.actions.rooms import create_room
from chat.errors import RoomNotFound
from chat.events import encode
from chat.log.append import append
from chat.log.draft import Draft
from chat.models import Message, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import CaughtUp, Resume
from chat.queries.messages import history
from core.errors import Forbidden
from core.limits.table import LIMITS, MAX_RECOVERED, MAX_REPLY_BYTES
from tests.people import acting
from tests.unit.resuming import found, resumed, revs, three_rooms, write


def caught_up(user: User, resume: Resume) -> CaughtUp:
    answer = resumed(acting(user), [resume])[resume.room]
    assert isinstance(answer, CaughtUp)
    return answer


def test_a_client_gets_everything_after_its_number(
    bob: User, room: RoomPayload
) -> None:
    write(bob, room, 3)
    answer = caught_up(bob, Resume(room.id, 3, room.epoch))
    assert (answer.recovered, answer.head_seq, answer.epoch) == (True, 5, room.epoch)
    assert revs(answer) == [4, 5]


def test_a_client_that_has_nothing_gets_everything(
    bob: User, room: RoomPayload
) -> None:
    assert revs(caught_up(bob, Resume(room.id, 0))) == [1, 2]


def test_a_client_that_missed_nothing_gets_no_message(
    bob: User, room: RoomPayload
) -> None:
    answer = caught_up(bob, Resume(room.id, 2))
    assert (answer.recovered, answer.messages) == (True, [])


def test_a_client_that_gives_no_number_gets_no_message(
    bob: User, room: RoomPayload
) -> None:
    answer = caught_up(bob, Resume(room.id))
    assert (answer.recovered, answer.head_seq, answer.messages) == (None, 2, [])


def test_a_number_above_the_head_cannot_be_recovered(
    bob: User, room: RoomPayload
) -> None:
    answer = caught_up(bob, Resume(room.id, 3))
    assert (answer.recovered, answer.messages) == (False, [])


def test_another_epoch_cannot_be_recovered(bob: User, room: RoomPayload) -> None:
    answer = caught_up(bob, Resume(room.id, 1, "00000000"))
    assert (answer.recovered, answer.messages) == (False, [])
    assert answer.epoch == room.epoch


def test_a_message_that_changed_since_comes_once_as_it_is_now(
    bob: User, room: RoomPayload
) -> None:
    write(bob, room, 2)
    Message.objects.filter(room_id=room.id, seq=3).update(rev=6, body="edited twice")
    Room.objects.filter(pk=room.id).update(head_seq=6)
    answer = caught_up(bob, Resume(room.id, 3))
    assert [(m.seq, m.rev) for m in answer.messages] == [(4, 4), (3, 6)]
    assert answer.messages[1].body == "edited twice"


def test_a_message_above_the_head_is_left_to_its_event(
    bob: User, room: RoomPayload
) -> None:
    """Committed after the head was read: an answer with it would tear the order."""
    Message.objects.create(room_id=room.id, seq=3, rev=3, sender=bob, body="later")
    assert revs(caught_up(bob, Resume(room.id, 0))) == [1, 2]


def test_the_largest_number_of_changes_is_recovered(
    bob: User, room: RoomPayload
) -> None:
    assert MAX_RECOVERED == 500
    write(bob, room, MAX_RECOVERED)
    answer = caught_up(bob, Resume(room.id, 2))
    assert answer.recovered
    assert revs(answer) == list(range(3, MAX_RECOVERED + 3))


def test_one_change_more_is_not_recovered(bob: User, room: RoomPayload) -> None:
    write(bob, room, MAX_RECOVERED + 1)
    answer = caught_up(bob, Resume(room.id, 2))
    assert (answer.recovered, answer.messages) == (False, [])


def test_many_numbers_of_few_messages_are_recovered(
    bob: User, room: RoomPayload
) -> None:
    """One message that changed a thousand times."""
    Message.objects.filter(room_id=room.id, seq=2).update(rev=1002)
    Room.objects.filter(pk=room.id).update(head_seq=1002)
    answer = caught_up(bob, Resume(room.id, 2))
    assert (answer.recovered, revs(answer)) == (True, [1002])


def test_messages_too_long_for_a_reply_are_not_recovered(
    bob: User, room: RoomPayload
) -> None:
    write(bob, room, 40, "🌊" * LIMITS.message_characters)
    assert not caught_up(bob, Resume(room.id, 2)).recovered
    answer = caught_up(bob, Resume(room.id, 22))
    assert answer.recovered
    assert len(answer.messages) == 20


@pytest.fixture
def rooms(alice: User, bob: User) -> list[RoomPayload]:
    return three_rooms(alice, bob)


def test_rooms_share_the_number_of_messages(
    bob: User, rooms: list[RoomPayload]
) -> None:
    for room, count in zip(rooms, (300, 201, 200), strict=True):
        write(bob, room, count)
    answers = resumed(acting(bob), [Resume(room.id, 2) for room in rooms])
    found = [answers[room.id] for room in rooms]
    recovered = [a.recovered for a in found if isinstance(a, CaughtUp)]
    assert recovered == [True, False, True]


def test_rooms_share_the_bytes_of_a_reply(bob: User, rooms: list[RoomPayload]) -> None:
    for room in rooms:
        write(bob, room, 25, "🌊" * LIMITS.message_characters)
    answers = resumed(acting(bob), [Resume(room.id, 2) for room in rooms])
    assert len(encode(list(answers.values())).encode()) <= MAX_REPLY_BYTES


def test_a_refused_room_keeps_no_other_from_being_recovered(
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    staff_room: RoomPayload,
) -> None:
    mine = create_room(acting(charlie), name="mine")
    missing = str(uuid4())
    asked = [room.id, private_room.id, staff_room.id, missing, mine.id]
    answers = resumed(acting(charlie), [Resume(room_id, 0) for room_id in asked])
    kinds = [type(answers[room_id]) for room_id in asked]
    assert kinds == [Forbidden, RoomNotFound, RoomNotFound, RoomNotFound, CaughtUp]


@pytest.mark.parametrize("room_id", ["", "general", "\x00", "x" * 64])
def test_a_malformed_id_is_answered_like_a_missing_room(
    bob: User, room: RoomPayload, room_id: str
) -> None:
    answers = resumed(acting(bob), [Resume(room_id, 0), Resume(room.id, 0)])
    assert isinstance(answers[room_id], RoomNotFound)
    assert isinstance(answers[room.id], CaughtUp)


def test_no_rooms_get_no_answers(bob: User) -> None:
    assert resumed(acting(bob), []) == {}


def test_more_messages_in_more_rooms_take_no_more_queries(
    bob: User,
    rooms: list[RoomPayload],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Three for the seats and who is online, and one for all that was missed."""
    write(bob, rooms[0], 1)
    with django_assert_num_queries(3 + 1):
        resumed(acting(bob), [Resume(room.id, 2) for room in rooms])
    write(bob, rooms[0], 99)
    write(bob, rooms[1], 50)
    with django_assert_num_queries(3 + 1):
        answers = resumed(acting(bob), [Resume(room.id, 2) for room in rooms])
    assert [len(revs(found(answers, room))) for room in rooms] == [100, 50, 0]


def test_subscribing_without_a_number_reads_no_messages(
    bob: User,
    rooms: list[RoomPayload],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(3):
        resumed(acting(bob), [Resume(room.id) for room in rooms])


def test_messages_come_with_all_that_is_on_them(
    alice: User, bob: User, room: RoomPayload
) -> None:
    """As a page of the log shows them, which is read in another way."""
    write(bob, room, 2)
    file = add_attachment(acting(bob), room.id, ContentFile(b"hello", name="a.txt"))
    append([Draft(room.id, acting(bob), "with a file", attachments=(file.id,))])
    add_reaction(acting(bob), room.id, 3, emoji="👍")
    add_reaction(acting(bob), room.id, 3, emoji="🎉")
    delete_message(acting(bob), room.id, 4)
    pin_message(acting(alice), room.id, 5, pinned=True)
    caught = caught_up(bob, Resume(room.id, 0)).messages
    page = history(acting(bob), room.id, after=0).messages
    assert sorted(caught, key=lambda message: message.seq) == page
