"""POST auth/logout and auth/logout-all."""

import pytest

from accounts import tokens
from accounts.models import User
from accounts.tokens import Pair
from core.bus.envelopes import EndSessions, Envelope

from .door import Door, check_refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def laptop(alice: User) -> Pair:
    return tokens.start_session(alice)


@pytest.fixture
def phone(alice: User) -> Pair:
    return tokens.start_session(alice)


def check_dead(pair: Pair) -> None:
    check_refused(Door(pair.access).get("me"), 401, "unauthorized")
    answer = Door().post("auth/refresh", {"refresh": pair.refresh})
    check_refused(answer, 401, "unauthorized")


def test_logging_out_ends_this_session(laptop: Pair) -> None:
    answer = Door(laptop.access).post("auth/logout")
    assert (answer.status, answer.content) == (204, b"")
    check_dead(laptop)


def test_logging_out_leaves_other_devices_alone(laptop: Pair, phone: Pair) -> None:
    Door(laptop.access).post("auth/logout")
    assert Door(phone.access).get("me").status == 200


def test_logging_out_closes_the_sockets_of_this_session(
    alice: User, laptop: Pair, published: list[Envelope]
) -> None:
    session = tokens.verify_access(laptop.access).actor.session_id
    Door(laptop.access).post("auth/logout")
    assert published == [EndSessions(str(alice.pk), str(session), 1)]


def test_logging_out_twice_is_refused(laptop: Pair) -> None:
    Door(laptop.access).post("auth/logout")
    check_refused(Door(laptop.access).post("auth/logout"), 401, "unauthorized")


def test_logging_out_everywhere_ends_all_sessions(laptop: Pair, phone: Pair) -> None:
    answer = Door(laptop.access).post("auth/logout-all")
    assert (answer.status, answer.content) == (204, b"")
    check_dead(laptop)
    check_dead(phone)


def test_logging_out_everywhere_leaves_other_people_alone(
    laptop: Pair, as_bob: Door
) -> None:
    Door(laptop.access).post("auth/logout-all")
    assert as_bob.get("me").status == 200


def test_logging_out_everywhere_closes_all_sockets(
    alice: User, laptop: Pair, published: list[Envelope]
) -> None:
    Door(laptop.access).post("auth/logout-all")
    assert published == [EndSessions(str(alice.pk), None, 2)]
