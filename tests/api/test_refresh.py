"""POST auth/refresh."""

from datetime import timedelta

import pytest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from accounts import tokens
from accounts.models import Session, User
from accounts.tokens import Pair
from core.bus.envelopes import EndSessions, Envelope
from tests.unit.crafted import changed

from .door import Answer, Door, check_refused


@pytest.fixture
def pair(alice: User) -> Pair:
    return tokens.start_session(alice)


def refresh(token: object) -> Answer:
    return Door().post("auth/refresh", {"refresh": token})


def grow_old() -> None:
    """As if every refresh token used so far had been used longer ago than the grace."""
    for used in BlacklistedToken.objects.all():
        used.blacklisted_at -= timedelta(seconds=11)
        used.save()


def test_new_pair(pair: Pair) -> None:
    answer = refresh(pair.refresh)
    assert answer.status == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert Door(answer.json()["access"]).get("me").json()["username"] == "alice"
    assert refresh(answer.json()["refresh"]).status == 200
    assert Session.objects.count() == 1


def test_old_access_token_goes_on(pair: Pair) -> None:
    refresh(pair.refresh)
    assert Door(pair.access).get("me").status == 200


def test_late_reuse_ends_the_session(pair: Pair) -> None:
    fresh = refresh(pair.refresh).json()
    grow_old()
    check_refused(refresh(pair.refresh), 401, "unauthorized")
    check_refused(refresh(fresh["refresh"]), 401, "unauthorized")
    check_refused(Door(fresh["access"]).get("me"), 401, "unauthorized")


@pytest.mark.django_db(transaction=True)
def test_late_reuse_closes_the_sockets_of_the_session(
    alice: User, pair: Pair, published: list[Envelope]
) -> None:
    refresh(pair.refresh)
    grow_old()
    refresh(pair.refresh)
    session = Session.objects.get()
    assert published == [EndSessions(str(alice.pk), str(session.pk), 1)]


def test_access_token_buys_nothing(pair: Pair) -> None:
    check_refused(refresh(pair.access), 401, "unauthorized")


def test_expired_token_says_so(pair: Pair) -> None:
    check_refused(refresh(changed(pair.refresh, exp=1)), 401, "token_expired")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "x" * 4096])
def test_a_text_that_is_no_token_is_refused(db: None, token: str) -> None:
    check_refused(refresh(token), 401, "unauthorized")


@pytest.mark.parametrize("token", [None, "", " ", [], {}, True, 5, "\x00", "x" * 4097])
def test_malformed_field(db: None, token: object) -> None:
    check_refused(refresh(token), 400, "invalid", "refresh")


def test_missing_and_unknown_field(anonymous: Door) -> None:
    check_refused(anonymous.post("auth/refresh", {}), 400, "invalid", "refresh")
    answer = anonymous.post("auth/refresh", {"refresh": "x", "y": 1})
    check_refused(answer, 400, "invalid", "y")
