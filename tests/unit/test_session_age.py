"""A session ends SESSION_DAYS after its log-in, however often it was refreshed."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import (
    checks,
    revocation,
    sessions,
    tokens,
)
from accounts.models import Session, User
from accounts.tokens import Pair
from core.errors import Unauthorized

from .crafted import changed, claims_of, holder, redeemed


@pytest.fixture
def pair(alice: User) -> Pair:
    return tokens.start_session(alice)


def grow_old(**age: float) -> None:
    Session.objects.update(created_at=timezone.now() - timedelta(**age))


def test_no_token_outlives_its_session(pair: Pair) -> None:
    grow_old(days=90, seconds=-100)
    rotated = tokens.rotate(pair.refresh)
    for token in (rotated.access, rotated.refresh):
        assert 95 <= claims_of(token)["exp"] - time.time() <= 100
    identity = tokens.verify_access(rotated.access)
    ticket = claims_of(tokens.issue_ticket(identity))
    assert ticket["access_exp"] == claims_of(rotated.access)["exp"]


def test_a_younger_session_is_refreshed_as_ever(pair: Pair) -> None:
    grow_old(days=59)
    refresh = claims_of(tokens.rotate(pair.refresh).refresh)
    assert refresh["exp"] - refresh["iat"] == timedelta(days=30).total_seconds()


def test_no_token_of_a_session_that_is_too_old_is_good(pair: Pair) -> None:
    """Whatever the tokens say: they may be of a time when SESSION_DAYS was more."""
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    grow_old(days=90, seconds=1)
    attempts: list[Callable[[], object]] = [
        partial(tokens.verify_access, pair.access),
        partial(redeemed, ticket),
        partial(tokens.rotate, pair.refresh),
        partial(tokens.rotate, changed(pair.refresh, exp=int(time.time()) + 9**9)),
    ]
    for attempt in attempts:
        with pytest.raises(Unauthorized):
            attempt()


def test_a_new_log_in_begins_anew(alice: User, pair: Pair) -> None:
    grow_old(days=91)
    assert holder(tokens.start_session(alice).access) == "alice"


def test_the_age_of_sessions_is_a_setting(pair: Pair, settings: Settings) -> None:
    grow_old(days=8)
    settings.SESSION_DAYS = 7
    with pytest.raises(Unauthorized):
        tokens.rotate(pair.refresh)
    settings.SESSION_DAYS = 9
    assert holder(tokens.rotate(pair.refresh).access) == "alice"


def test_the_clean_up_ends_sessions_that_are_too_old(
    alice: User, bob: User, pair: Pair
) -> None:
    """So it is in no list of devices, and its sockets are found."""
    user = tokens.verify_access(pair.access).actor
    grow_old(days=90)
    young = tokens.start_session(bob)
    tokens.forget_expired()
    assert sessions.open_sessions(alice) == []
    assert revocation.revoked([user]) == {user.session_id: False}
    assert holder(young.access) == "bob"


@pytest.mark.parametrize(("days", "ids"), [(366, []), (367, ["accounts.E008"])])
def test_a_session_that_would_never_end_is_an_error(
    settings: Settings, days: int, ids: list[str]
) -> None:
    settings.SESSION_DAYS = days
    assert [problem.id for problem in checks.sessions_end(None)] == ids
