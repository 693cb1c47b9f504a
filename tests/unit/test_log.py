"""The log: numbers without a gap, one row for one client_id, a batch that is fair."""

import pytest
from django.db.models import Max
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.actions.rooms import create_room
from chat.errors import MessageNotFound
from chat.log.append import append, append_one
from chat.log.draft import Appended, Draft, Outcome
from chat.models import Message, Room
from chat.payloads.rooms import RoomPayload
from core.errors import Conflict, Invalid, Refusal
from tests.people import acting


@pytest.fixture
def other(bob: User) -> RoomPayload:
    return create_room(acting(bob), name="other")


def seqs(room: RoomPayload) -> list[int]:
    rows = Message.objects.filter(room_id=room.id).order_by("seq")
    return list(rows.values_list("seq", flat=True))


def head(room: RoomPayload) -> int:
    return Room.objects.get(pk=room.id).head_seq


def appended(outcome: Outcome) -> Appended:
    assert isinstance(outcome, Appended)
    return outcome


def test_a_message_takes_the_next_number(bob: User, room: RoomPayload) -> None:
    message = append_one(Draft(room.id, acting(bob), "hello", client_id="1")).message
    assert (message.seq, message.rev, head(room)) == (3, 3, 3)


def test_a_draft_is_stored_as_it_is(bob: User, room: RoomPayload) -> None:
    append_one(Draft(room.id, acting(bob), "hello", client_id="1", reply_to=2))
    row = Message.objects.get(room_id=room.id, seq=3)
    assert (row.sender, row.body, row.client_id) == (bob, "hello", "1")
    assert (row.reply_to, row.kind, row.level) == (2, "user", "normal")
    assert row.event is None
    assert row.edited_at is None
    assert row.deleted_at is None


def test_the_numbers_of_a_batch_have_no_gap(bob: User, room: RoomPayload) -> None:
    outcomes = append(
        [Draft(room.id, acting(bob), f"{n}", client_id=f"{n}") for n in range(9)]
    )
    assert [appended(o).message.seq for o in outcomes] == list(range(3, 12))
    assert seqs(room) == list(range(1, 12))
    assert head(room) == 11


def test_each_room_of_a_batch_counts_for_itself(
    bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    rooms = [room, other, room, room, other]
    drafts = [
        Draft(r.id, acting(bob), "x", client_id=f"{n}") for n, r in enumerate(rooms)
    ]
    found = [appended(outcome).message for outcome in append(drafts)]
    assert [message.room for message in found] == [r.id for r in rooms]
    assert [message.seq for message in found] == [3, 2, 4, 5, 3]
    assert (head(room), head(other)) == (5, 3)


def test_each_rooms_head_is_its_last_number(
    bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    append([Draft(r.id, acting(bob), "x", client_id="1") for r in (room, other)])
    for stored in Room.objects.annotate(last=Max("messages__seq")):
        assert stored.head_seq == stored.last


def test_an_empty_batch_writes_nothing(db: None) -> None:
    assert append([]) == []


def test_the_same_client_id_is_one_message(bob: User, room: RoomPayload) -> None:
    draft = Draft(room.id, acting(bob), "hello", client_id="1")
    first, again = append_one(draft), append_one(draft)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.message == again.message
    assert seqs(room) == [1, 2, 3]


def test_the_same_client_id_twice_in_one_batch_is_one_message(
    bob: User, room: RoomPayload, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    draft = Draft(room.id, acting(bob), "hello", client_id="1")
    after = Draft(room.id, acting(bob), "next", client_id="2")
    # No more than for one: the database does not have to refuse the second.
    with django_assert_num_queries(6):
        outcomes = append([draft, draft, after])
    first, again, last = (appended(outcome) for outcome in outcomes)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert first.message == again.message
    assert last.message.seq == 4
    assert seqs(room) == [1, 2, 3, 4]


def test_a_retry_does_not_spoil_the_rest_of_its_batch(
    bob: User, room: RoomPayload
) -> None:
    old, new = (
        Draft(room.id, acting(bob), body, client_id=body) for body in ("old", "new")
    )
    append_one(old)
    outcomes = [appended(outcome) for outcome in append([new, old])]
    assert [(o.message.seq, o.duplicate) for o in outcomes] == [(4, False), (3, True)]
    assert seqs(room) == [1, 2, 3, 4]
    assert head(room) == 4


def test_the_same_client_id_for_another_text_is_a_conflict(
    bob: User, room: RoomPayload
) -> None:
    append_one(Draft(room.id, acting(bob), "hello", client_id="1"))
    with pytest.raises(Conflict):
        append_one(Draft(room.id, acting(bob), "goodbye", client_id="1"))
    assert seqs(room) == [1, 2, 3]


def test_the_same_client_id_for_another_reply_is_a_conflict(
    bob: User, room: RoomPayload
) -> None:
    append_one(Draft(room.id, acting(bob), "hello", client_id="1", reply_to=1))
    with pytest.raises(Conflict):
        append_one(Draft(room.id, acting(bob), "hello", client_id="1", reply_to=2))


def test_two_texts_by_one_client_id_in_a_batch_are_a_conflict(
    bob: User, room: RoomPayload
) -> None:
    outcomes = append(
        [
            Draft(room.id, acting(bob), body, client_id="1")
            for body in ("hello", "goodbye")
        ]
    )
    assert appended(outcomes[0]).message.body == "hello"
    assert isinstance(outcomes[1], Conflict)
    assert seqs(room) == [1, 2, 3]


@pytest.mark.parametrize("field", ["edited_at", "deleted_at"])
def test_a_retry_after_a_change_is_answered_with_the_message_as_it_is_now(
    bob: User, room: RoomPayload, field: str
) -> None:
    draft = Draft(room.id, acting(bob), "hello", client_id="1")
    append_one(draft)
    now = {"body": "changed", field: "2026-01-01T00:00Z"}
    Message.objects.filter(room_id=room.id, seq=3).update(**now)
    again = append_one(draft)
    assert again.duplicate
    assert again.message.body == "changed"


def test_a_client_id_belongs_to_one_person_in_one_room(
    alice: User, bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    drafts = [
        Draft(room.id, acting(bob), "a", client_id="1"),
        Draft(room.id, acting(alice), "b", client_id="1"),
        Draft(other.id, acting(bob), "c", client_id="1"),
    ]
    assert [appended(o).duplicate for o in append(drafts)] == [False] * 3


def test_a_reply_to_a_missing_message_is_refused(bob: User, room: RoomPayload) -> None:
    for unknown in (0, 3, 2**63 - 1, 2**63, 10**30):
        with pytest.raises(MessageNotFound):
            append_one(
                Draft(room.id, acting(bob), "hello", client_id="1", reply_to=unknown)
            )
    assert seqs(room) == [1, 2]


def test_a_reply_to_a_message_of_another_room_is_refused(
    bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    with pytest.raises(MessageNotFound):
        append_one(Draft(other.id, acting(bob), "hello", client_id="1", reply_to=2))


def test_a_reply_to_a_message_of_the_same_batch_is_stored(
    bob: User, room: RoomPayload
) -> None:
    question = Draft(room.id, acting(bob), "why?", client_id="1")
    answer = Draft(room.id, acting(bob), "because", client_id="2", reply_to=3)
    _, outcome = append([question, answer])
    assert appended(outcome).message.reply_to == 3


def test_a_refused_draft_takes_no_number(bob: User, room: RoomPayload) -> None:
    drafts = [
        Draft(room.id, acting(bob), "first", client_id="1"),
        Draft(room.id, acting(bob), "lost", client_id="2", reply_to=99),
        Draft(room.id, acting(bob), "second", client_id="3"),
    ]
    first, lost, second = append(drafts)
    assert isinstance(lost, Refusal)
    assert (appended(first).message.seq, appended(second).message.seq) == (3, 4)
    assert seqs(room) == [1, 2, 3, 4]


def test_a_draft_that_the_database_refuses_fails_alone(
    bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    # A row where the other room's next message belongs: its insert must fail.
    Message.objects.create(room_id=other.id, seq=2, rev=2, body="in the way")
    good, bad = Draft(room.id, acting(bob), "good"), Draft(other.id, acting(bob), "bad")
    outcomes = append([good, bad, good])
    assert [appended(outcomes[n]).message.seq for n in (0, 2)] == [3, 4]
    assert isinstance(outcomes[1], Invalid)
    assert (head(room), head(other)) == (4, 1)


def test_appending_takes_as_many_queries_for_many_as_for_one(
    alice: User,
    bob: User,
    room: RoomPayload,
    other: RoomPayload,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def drafts(first: int, count: int) -> list[Draft]:
        """Of two people in turn."""
        numbers = range(first, first + count)
        senders = [alice, bob]
        return [
            Draft(room.id, acting(senders[n % 2]), "x", client_id=f"{n}")
            for n in numbers
        ]

    # Savepoint, rooms, members, insert, heads, release; retries are not looked for.
    with django_assert_num_queries(6):
        append(drafts(0, 1))
    with django_assert_num_queries(6):
        append(drafts(1, 50))
