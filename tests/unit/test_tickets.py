"""Tickets: one socket each, for thirty seconds, bought with an access token."""

import time
from datetime import timedelta

import pytest

from accounts import tokens
from accounts.models import Session, User
from accounts.token_kinds import TICKET_LIFETIME
from accounts.tokens import Identity
from core.errors import TokenExpired, Unauthorized

from .crafted import changed, claims_of, without


@pytest.fixture
def identity(alice: User) -> Identity:
    return tokens.verify_access(tokens.start_session(alice).access)


@pytest.fixture
def ticket(identity: Identity) -> str:
    return tokens.issue_ticket(identity)


def test_ticket_stands_for_the_access_token_that_bought_it(
    identity: Identity, ticket: str
) -> None:
    assert tokens.redeem_ticket(ticket) == identity


def test_ticket_lives_for_thirty_seconds(ticket: str) -> None:
    assert timedelta(seconds=30) == TICKET_LIFETIME
    assert claims_of(ticket)["exp"] - time.time() == pytest.approx(30, abs=3)


def test_the_second_use_of_a_ticket_is_refused(ticket: str) -> None:
    tokens.redeem_ticket(ticket)
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(ticket)


def test_each_ticket_is_used_for_itself(identity: Identity, ticket: str) -> None:
    tokens.redeem_ticket(ticket)
    assert tokens.redeem_ticket(tokens.issue_ticket(identity)) == identity


def test_expired_ticket_is_refused(ticket: str) -> None:
    with pytest.raises(TokenExpired):
        tokens.redeem_ticket(changed(ticket, exp=int(time.time()) - 6))


def test_ticket_of_an_ended_session_is_refused(
    alice: User, identity: Identity, ticket: str
) -> None:
    tokens.revoke(alice, identity.actor.session_id or alice.pk)
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(ticket)


@pytest.mark.parametrize("claim", ["jti", "exp", "access_exp", "sid"])
def test_missing_claim_is_refused(ticket: str, claim: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(without(ticket, claim))


@pytest.mark.parametrize("value", [None, "soon", 10**30])
def test_senseless_end_is_refused(ticket: str, value: object) -> None:
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(changed(ticket, access_exp=value))


def test_refused_ticket_is_not_used_up(alice: User, ticket: str) -> None:
    Session.objects.update(ended_at="2020-01-01T00:00Z")
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(ticket)
    Session.objects.update(ended_at=None)
    assert tokens.redeem_ticket(ticket).actor.user == alice
