"""Real threads with connections of their own: what must hold when all come at once."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts import tokens
from accounts.identities import TicketReused
from accounts.models import RedeemedTicket, Session, User
from accounts.registration import register
from accounts.tokens import Identity, Pair
from chat.actions.memberships import join_room, leave_room
from chat.actions.rooms import create_room
from chat.log.append import append, append_one
from chat.log.draft import Appended, Draft
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, RoomChanged
from core.errors import Conflict, Invalid, Unauthorized
from tests.people import acting
from tests.unit.crafted import redeemed

from .threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(alice: User, bob: User) -> RoomPayload:
    room = create_room(acting(alice), name="other")
    return join_room(acting(bob), room.id)


def seqs(room: RoomPayload) -> list[int]:
    rows = Message.objects.filter(room_id=room.id).order_by("seq")
    return list(rows.values_list("seq", flat=True))


def test_ticket_is_redeemed_once(alice: User) -> None:
    identity = tokens.verify_access(tokens.start_session(alice).access)
    ticket = tokens.issue_ticket(identity)
    outcomes = at_once([partial(redeemed, ticket)] * 20)
    assert [o for o in outcomes if isinstance(o, Identity)] == [identity]
    refused = [type(o) for o in outcomes if not isinstance(o, Identity)]
    assert refused == [TicketReused] * 19
    assert RedeemedTicket.objects.count() == 1


def test_two_tabs_that_refresh_at_once_stay_in_one_session(alice: User) -> None:
    pair = tokens.start_session(alice)
    outcomes = at_once([partial(tokens.rotate, pair.refresh)] * 8)
    sessions = set()
    for rotated in outcomes:
        assert isinstance(rotated, Pair)
        sessions.add(tokens.verify_access(rotated.access).actor.session_id)
        assert isinstance(tokens.rotate(rotated.refresh), Pair)
    assert sessions == {Session.objects.get().pk}


def test_refresh_and_log_out_at_once_leave_no_open_session(alice: User) -> None:
    pair = tokens.start_session(alice)
    session = Session.objects.get().pk
    jobs: list[Callable[[], object]] = [
        partial(tokens.rotate, pair.refresh),
        partial(tokens.revoke, alice, session),
    ]
    rotated, _ = at_once(jobs * 4)[:2]
    assert Session.objects.get().ended_at is not None
    if isinstance(rotated, Pair):
        with pytest.raises(Unauthorized):
            tokens.verify_access(rotated.access)


def test_name_is_registered_once(db: None) -> None:
    names = ["erin", "Erin", "ERIN", "eRIN"] * 2
    outcomes = at_once(
        [partial(register, username=n, password="trombone-42") for n in names]
    )
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Invalid) for outcome in outcomes) == 7


def test_public_name_is_given_once(alice: User) -> None:
    outcomes = at_once([partial(create_room, acting(alice), name="Lobby")] * 8)
    assert sum(isinstance(outcome, RoomPayload) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7
    assert Room.objects.count() == 1


def test_eight_writers_leave_no_gap(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()

    def write(thread: int) -> list[int]:
        drafts = [Draft(room.id, acting(bob), "x", f"{thread}-{n}") for n in range(25)]
        return [append_one(draft).message.seq for draft in drafts]

    outcomes = at_once([partial(write, thread) for thread in range(8)])
    assert seqs(room) == list(range(1, 203))
    assert Room.objects.get(pk=room.id).head_seq == 202
    for numbers in outcomes:
        assert isinstance(numbers, list)
        assert numbers == sorted(numbers)
    changes = [c for e in published if isinstance(e, RoomChanged) for c in e.changes]
    assert sorted(change.seq for change in changes) == list(range(3, 203))


def test_writers_in_opposite_order_of_rooms_do_not_deadlock(
    bob: User, room: RoomPayload, other: RoomPayload
) -> None:
    def write(thread: int) -> int:
        rooms = [room, other] if thread % 2 else [other, room]
        for n in range(10):
            append([Draft(r.id, acting(bob), "x", f"{thread}-{n}") for r in rooms])
        return thread

    assert at_once([partial(write, n) for n in range(8)]) == list(range(8))
    assert seqs(room) == seqs(other) == list(range(1, 83))


def test_one_client_id_from_many_threads_is_one_message(
    bob: User, room: RoomPayload
) -> None:
    draft = Draft(room.id, acting(bob), "hello", "1")
    outcomes = at_once([partial(append_one, draft)] * 8)
    answers = [o for o in outcomes if isinstance(o, Appended)]
    assert len(answers) == 8
    assert sum(not answer.duplicate for answer in answers) == 1
    assert {answer.message.seq for answer in answers} == {3}
    assert seqs(room) == [1, 2, 3]


def test_joining_many_times_at_once_is_joining_once(
    charlie: User, room: RoomPayload
) -> None:
    outcomes = at_once([partial(join_room, acting(charlie), room.id)] * 8)
    assert all(isinstance(outcome, RoomPayload) for outcome in outcomes)
    assert Membership.objects.filter(user=charlie).count() == 1
    assert seqs(room) == [1, 2, 3]


def test_two_owners_who_leave_at_once_leave_one_behind(
    alice: User, bob: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(role="owner")
    at_once([partial(leave_room, acting(user), room.id) for user in (alice, bob)])
    assert Membership.objects.filter(room_id=room.id, role="owner").count() == 1
