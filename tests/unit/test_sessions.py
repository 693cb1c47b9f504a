"""Ending sessions: the tokens die at once, and every process is told."""

import pytest

from accounts import tokens
from accounts.models import Session, User
from accounts.passwords import change_password
from accounts.sessions import end_all_sessions, end_session
from accounts.tokens import Pair
from core.bus.envelopes import EndSessions, Envelope
from core.errors import Invalid, Unauthorized
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair(alice: User) -> Pair:
    alice.set_password("trombone-42")
    alice.save()
    return tokens.start_session(alice)


def is_good(token: str) -> bool:
    try:
        tokens.verify_access(token)
    except Unauthorized:
        return False
    return True


def test_ending_a_session_closes_its_sockets(
    alice: User, pair: Pair, published: list[Envelope]
) -> None:
    session = Session.objects.get()
    assert end_session(alice, session.pk)
    assert published == [EndSessions(str(alice.pk), str(session.pk), 1)]
    assert not is_good(pair.access)


def test_ending_a_session_that_is_not_open_tells_nobody(
    alice: User, bob: User, pair: Pair, published: list[Envelope]
) -> None:
    assert not end_session(bob, Session.objects.get().pk)
    assert published == []
    assert is_good(pair.access)


def test_ending_all_closes_all_sockets_of_the_person(
    alice: User, bob: User, pair: Pair, published: list[Envelope]
) -> None:
    phone, other = tokens.start_session(alice), tokens.start_session(bob)
    end_all_sessions(alice)
    assert published == [EndSessions(str(alice.pk), None, 2)]
    assert [is_good(p.access) for p in (pair, phone, other)] == [False, False, True]


def test_new_password_ends_all_but_the_new_session(
    alice: User, pair: Pair, published: list[Envelope]
) -> None:
    fresh = change_password(
        acting(alice),
        current_password="trombone-42",
        new_password="tuba-43-tuba",
        user_agent="pytest",
    )
    assert published == [EndSessions(str(alice.pk), None, 2)]
    assert not is_good(pair.access)
    assert is_good(fresh.access)
    assert Session.objects.get(ended_at=None).user_agent == "pytest"


def test_refused_password_ends_nothing(
    alice: User, pair: Pair, published: list[Envelope]
) -> None:
    with pytest.raises(Invalid):
        change_password(
            acting(alice),
            current_password="wrong",
            new_password="tuba-43",
            user_agent="",
        )
    assert published == []
    assert is_good(pair.access)
