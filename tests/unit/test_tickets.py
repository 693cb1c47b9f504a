"""Tickets: one socket each, for thirty seconds, bought with an access token."""

import time
from datetime import timedelta
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts import tokens
from accounts.identities import TicketReused
from accounts.models import Session, User
from accounts.token_kinds import TICKET_LIFETIME, Access, Ticket
from accounts.tokens import Identity, Presented
from core.errors import TokenExpired, Unauthorized

from .crafted import changed, claims_of, redeemed, without


@pytest.fixture
def identity(alice: User) -> Identity:
    return tokens.verify_access(tokens.start_session(alice).access)


@pytest.fixture
def ticket(identity: Identity) -> str:
    return tokens.issue_ticket(identity)


def test_ticket_stands_for_the_access_token_that_bought_it(
    identity: Identity, ticket: str
) -> None:
    assert redeemed(ticket) == identity


def test_ticket_lives_for_thirty_seconds(ticket: str) -> None:
    assert timedelta(seconds=30) == TICKET_LIFETIME
    assert claims_of(ticket)["exp"] - time.time() == pytest.approx(30, abs=3)


def test_the_second_use_of_a_ticket_is_refused(ticket: str) -> None:
    redeemed(ticket)
    with pytest.raises(Unauthorized):
        redeemed(ticket)


def test_each_ticket_is_used_for_itself(identity: Identity, ticket: str) -> None:
    redeemed(ticket)
    assert redeemed(tokens.issue_ticket(identity)) == identity


def test_expired_ticket_is_refused(ticket: str) -> None:
    with pytest.raises(TokenExpired):
        redeemed(changed(ticket, exp=int(time.time()) - 6))


def test_ticket_of_an_ended_session_is_refused(
    alice: User, identity: Identity, ticket: str
) -> None:
    tokens.revoke(alice, identity.actor.session_id or alice.pk)
    with pytest.raises(Unauthorized):
        redeemed(ticket)


@pytest.mark.parametrize("claim", ["jti", "exp", "access_exp", "sid"])
def test_missing_claim_is_refused(ticket: str, claim: str) -> None:
    with pytest.raises(Unauthorized):
        redeemed(without(ticket, claim))


@pytest.mark.parametrize("value", [None, "soon", 10**30])
def test_senseless_end_is_refused(ticket: str, value: object) -> None:
    with pytest.raises(Unauthorized):
        redeemed(changed(ticket, access_exp=value))


def test_refused_ticket_is_not_used_up(alice: User, ticket: str) -> None:
    Session.objects.update(ended_at="2020-01-01T00:00Z")
    with pytest.raises(Unauthorized):
        redeemed(ticket)
    Session.objects.update(ended_at=None)
    assert redeemed(ticket).actor.user == alice


def test_many_sockets_are_admitted_in_two_queries_and_each_for_itself(
    alice: User,
    bob: User,
    ticket: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pair = tokens.start_session(bob)
    ended = tokens.start_session(bob).access
    tokens.revoke(bob, UUID(claims_of(ended)["sid"]))
    late = changed(pair.access, exp=int(time.time()) - 60)
    raws = [ticket, pair.access, "nonsense", ended, late, ticket, pair.refresh]
    with django_assert_num_queries(2):
        found = tokens.admit([Presented(raw, (Access, Ticket)) for raw in raws])
    people = [one.actor.user for one in found if isinstance(one, Identity)]
    assert people == [alice, bob]
    refusals = [type(one) for one in found if not isinstance(one, Identity)]
    wanted = [Unauthorized, Unauthorized, TokenExpired, TicketReused, Unauthorized]
    assert refusals == wanted


def test_access_tokens_alone_are_admitted_in_one_query(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    raws = [tokens.start_session(user).access for user in (alice, bob)]
    with django_assert_num_queries(1):
        found = tokens.admit([Presented(raw, (Access, Ticket)) for raw in raws])
    assert [type(one) for one in found] == [Identity, Identity]


def test_an_access_token_is_refused_where_a_ticket_is_wanted(alice: User) -> None:
    raw = tokens.start_session(alice).access
    [refused] = tokens.admit([Presented(raw, (Ticket,))])
    assert isinstance(refused, Unauthorized)
