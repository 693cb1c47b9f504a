"""Refresh tokens: each buys one pair, and one that comes back late was stolen."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from accounts import tokens
from accounts.models import RedeemedTicket, Session, User
from accounts.tokens import Pair
from core.errors import Unauthorized

from .crafted import changed, claims_of, holder, redeemed


@pytest.fixture
def pair(alice: User) -> Pair:
    return tokens.start_session(alice)


def grow_old(seconds: float) -> None:
    """As if every refresh token used so far had been used that much earlier."""
    for used in BlacklistedToken.objects.all():
        used.blacklisted_at -= timedelta(seconds=seconds)
        used.save()


def refused(token: str) -> bool:
    with pytest.raises(Unauthorized):
        tokens.rotate(token)
    return True


def test_new_pair_is_of_the_same_session(pair: Pair) -> None:
    rotated = tokens.rotate(pair.refresh)
    before = tokens.verify_access(pair.access)
    after = tokens.verify_access(rotated.access)
    assert after.actor.session_id == before.actor.session_id
    assert rotated.refresh != pair.refresh


def test_rotating_marks_the_session_as_used(pair: Pair) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    Session.objects.update(last_used_at=long_ago)
    tokens.rotate(pair.refresh)
    assert timezone.now() - Session.objects.get().last_used_at < timedelta(minutes=1)


def test_a_second_tab_within_the_grace_gets_a_pair_too(pair: Pair) -> None:
    first = tokens.rotate(pair.refresh)
    grow_old(seconds=9)
    second = tokens.rotate(pair.refresh)
    assert holder(first.access) == "alice"
    assert holder(second.access) == "alice"
    assert Session.objects.count() == 1


def test_the_grace_is_counted_from_the_first_use(pair: Pair) -> None:
    tokens.rotate(pair.refresh)
    grow_old(seconds=6)
    tokens.rotate(pair.refresh)
    grow_old(seconds=6)
    assert refused(pair.refresh)


def test_later_reuse_is_refused(pair: Pair) -> None:
    tokens.rotate(pair.refresh)
    grow_old(seconds=11)
    assert refused(pair.refresh)


def test_later_reuse_ends_the_session_and_all_its_tokens(pair: Pair) -> None:
    rotated = tokens.rotate(pair.refresh)
    ticket = tokens.issue_ticket(tokens.verify_access(rotated.access))
    grow_old(seconds=11)
    assert refused(pair.refresh)
    assert Session.objects.get().ended_at is not None
    assert refused(rotated.refresh)
    with pytest.raises(Unauthorized):
        tokens.verify_access(rotated.access)
    with pytest.raises(Unauthorized):
        redeemed(ticket)


def test_later_reuse_leaves_other_sessions_alone(alice: User, pair: Pair) -> None:
    phone = tokens.start_session(alice)
    tokens.rotate(pair.refresh)
    grow_old(seconds=11)
    assert refused(pair.refresh)
    assert holder(phone.access) == "alice"


def test_token_that_was_never_issued_is_refused(pair: Pair) -> None:
    assert refused(changed(pair.refresh, jti="made-up"))
    assert holder(tokens.rotate(pair.refresh).access) == "alice"


def test_inactive_person_gets_no_pair(alice: User, pair: Pair) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert refused(pair.refresh)


def test_deleted_person_gets_no_pair(alice: User, pair: Pair) -> None:
    alice.delete()
    assert refused(pair.refresh)


def test_ended_session_gets_no_pair(alice: User, pair: Pair) -> None:
    assert tokens.revoke(alice, Session.objects.get().pk)
    assert refused(pair.refresh)


def test_revoking_twice_says_that_there_was_nothing(alice: User, pair: Pair) -> None:
    session = Session.objects.get()
    assert tokens.revoke(alice, session.pk)
    assert not tokens.revoke(alice, session.pk)


def test_revoking_somebody_elses_session_does_nothing(bob: User, pair: Pair) -> None:
    assert not tokens.revoke(bob, Session.objects.get().pk)
    assert holder(pair.access) == "alice"


def test_revoking_all_refuses_every_token_of_the_person(
    alice: User, bob: User, pair: Pair
) -> None:
    phone, other = tokens.start_session(alice), tokens.start_session(bob)
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    tokens.revoke_all(alice)
    for token in (pair.access, phone.access):
        with pytest.raises(Unauthorized):
            tokens.verify_access(token)
    assert refused(pair.refresh)
    with pytest.raises(Unauthorized):
        redeemed(ticket)
    assert holder(other.access) == "bob"


def test_raised_version_alone_refuses_everything(alice: User, pair: Pair) -> None:
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    User.objects.filter(pk=alice.pk).update(token_version=2)
    assert refused(pair.refresh)
    with pytest.raises(Unauthorized):
        tokens.verify_access(pair.access)
    with pytest.raises(Unauthorized):
        redeemed(ticket)


def test_session_begun_after_revoking_all_is_good(alice: User, pair: Pair) -> None:
    tokens.revoke_all(alice)
    assert holder(tokens.start_session(alice).access) == "alice"


def test_expired_rows_are_deleted_and_live_ones_kept(pair: Pair) -> None:
    rotated = tokens.rotate(pair.refresh)
    redeemed(tokens.issue_ticket(tokens.verify_access(rotated.access)))
    RedeemedTicket.objects.create(jti="old", expires_at=_ago(minutes=1))
    OutstandingToken.objects.filter(jti=claims_of(pair.refresh)["jti"]).update(
        expires_at=_ago(minutes=1)
    )
    tokens.forget_expired()
    assert RedeemedTicket.objects.exclude(jti="old").count() == 1
    assert not RedeemedTicket.objects.filter(jti="old").exists()
    assert not BlacklistedToken.objects.exists()
    [left] = OutstandingToken.objects.all()
    assert left.jti == claims_of(rotated.refresh)["jti"]


def test_ticket_that_the_leeway_still_lets_in_is_not_forgotten(db: None) -> None:
    RedeemedTicket.objects.create(jti="late", expires_at=_ago(seconds=4))
    tokens.forget_expired()
    assert RedeemedTicket.objects.filter(jti="late").exists()


def _ago(**amount: float) -> datetime:
    return timezone.now() - timedelta(**amount)
