"""Access tokens: which are taken, and everything for which one is refused."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import jwt
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import tokens
from accounts.models import Session, User
from accounts.tokens import Pair
from core.errors import TokenExpired, Unauthorized
from tests.people import NOBODY

from .crafted import changed, claims_of, holder, redeemed, signed, without

FOREIGN_KEY = "another-service-signs-with-this-key-of-its-own"


@pytest.fixture
def pair(alice: User) -> Pair:
    return tokens.start_session(alice, user_agent="pytest")


@pytest.fixture
def token(pair: Pair) -> str:
    return pair.access


def test_an_access_token_names_the_person_the_session_and_its_end(
    alice: User, token: str
) -> None:
    identity = tokens.verify_access(token)
    session = Session.objects.get()
    assert identity.actor.user == alice
    assert identity.actor.session_id == session.pk
    assert identity.expires_at == datetime.fromtimestamp(claims_of(token)["exp"], UTC)
    assert (session.user, session.user_agent) == (alice, "pytest")


def test_claims_are_these_and_no_more(alice: User, pair: Pair) -> None:
    names = {"sub", "sid", "ver", "iss", "aud", "jti", "exp", "iat", "token_type"}
    assert set(claims_of(pair.access)) == names
    assert set(claims_of(pair.refresh)) == names
    assert claims_of(pair.access)["sub"] == str(alice.pk)


def test_access_lives_for_minutes_and_refresh_for_weeks(pair: Pair) -> None:
    now = time.time()
    assert claims_of(pair.access)["exp"] - now == pytest.approx(600, abs=5)
    assert claims_of(pair.refresh)["exp"] - now == pytest.approx(30 * 86400, abs=5)


def test_a_long_user_agent_is_cut(alice: User) -> None:
    tokens.start_session(alice, user_agent="x" * 1000)
    assert Session.objects.get().user_agent == "x" * 200


def test_verifying_is_one_query(
    token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        tokens.verify_access(token)


@pytest.mark.parametrize("door", ["access", "refresh", "ticket"])
@pytest.mark.parametrize("kind", ["access", "refresh", "ticket"])
def test_each_door_takes_its_own_kind_alone(pair: Pair, door: str, kind: str) -> None:
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    token = {"access": pair.access, "refresh": pair.refresh, "ticket": ticket}[kind]
    doors: dict[str, Callable[[str], object]] = {
        "access": tokens.verify_access,
        "refresh": tokens.rotate,
        "ticket": redeemed,
    }
    if door == kind:
        assert doors[door](token)
    else:
        with pytest.raises(Unauthorized):
            doors[door](token)


def test_expired_token_says_so(token: str) -> None:
    with pytest.raises(TokenExpired):
        tokens.verify_access(changed(token, exp=int(time.time()) - 6))


def test_clocks_may_differ_by_seconds(token: str) -> None:
    assert holder(changed(token, exp=int(time.time()) - 2)) == "alice"


def test_expired_token_of_a_foreign_key_is_not_called_expired(token: str) -> None:
    claims = {**claims_of(token), "exp": int(time.time()) - 60}
    with pytest.raises(Unauthorized) as refused:
        tokens.verify_access(signed(claims, FOREIGN_KEY))
    assert refused.value.code == "unauthorized"


def test_foreign_key_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(signed(claims_of(token), FOREIGN_KEY))


def test_previous_key_still_verifies(token: str, settings: Settings) -> None:
    settings.JWT_PREVIOUS_KEY = FOREIGN_KEY
    assert holder(signed(claims_of(token), FOREIGN_KEY)) == "alice"


def test_expired_token_of_the_previous_key_says_so(
    token: str, settings: Settings
) -> None:
    settings.JWT_PREVIOUS_KEY = FOREIGN_KEY
    claims = {**claims_of(token), "exp": int(time.time()) - 60}
    with pytest.raises(TokenExpired):
        tokens.verify_access(signed(claims, FOREIGN_KEY))


def test_expired_token_of_the_current_key_says_so_beside_a_previous_one(
    token: str, settings: Settings
) -> None:
    settings.JWT_PREVIOUS_KEY = FOREIGN_KEY
    with pytest.raises(TokenExpired):
        tokens.verify_access(changed(token, exp=int(time.time()) - 60))


def test_new_tokens_are_signed_with_the_current_key(
    alice: User, settings: Settings
) -> None:
    settings.JWT_PREVIOUS_KEY = FOREIGN_KEY
    token = tokens.start_session(alice).access
    assert jwt.decode(
        token, settings.JWT_SIGNING_KEY, algorithms=["HS256"], audience="hubbub"
    )


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody-else"),
        ("aud", "somebody-else"),
        ("token_type", "refresh"),
        ("sub", "alice"),
        ("sub", NOBODY),
        ("sub", None),
        ("sid", "1"),
        ("sid", NOBODY),
        ("sid", 7),
        ("sid", None),
        ("ver", 0),
        ("ver", None),
        ("exp", "soon"),
        ("exp", 10**20),
    ],
)
def test_wrong_claim_is_refused(token: str, claim: str, value: object) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(changed(token, **{claim: value}))


@pytest.mark.parametrize(
    "claim", ["exp", "jti", "sid", "sub", "ver", "iss", "aud", "token_type"]
)
def test_missing_claim_is_refused(token: str, claim: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(without(token, claim))


def test_session_of_somebody_else_is_refused(token: str, bob: User) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(changed(token, sub=str(bob.pk)))


def test_unsigned_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(jwt.encode(claims_of(token), "", algorithm="none"))


def test_tampered_claims_are_refused(token: str, dora: User) -> None:
    head, _, signature = token.split(".")
    _, body, _ = changed(token, sub=str(dora.pk)).split(".")
    with pytest.raises(Unauthorized):
        tokens.verify_access(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_missing_part_is_refused(token: str, part: int) -> None:
    parts = token.split(".")
    parts[part] = ""
    with pytest.raises(Unauthorized):
        tokens.verify_access(".".join(parts))


@pytest.mark.parametrize("raw", ["", ".", "..", "a.b.c", "\x00", "é", "x" * 5000])
def test_a_text_that_is_no_token_is_refused(db: None, raw: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(raw)


@given(raw=st.text())
def test_any_text_is_refused_and_nothing_else(raw: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify_access(raw)


def test_inactive_person_is_refused(alice: User, token: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(Unauthorized):
        tokens.verify_access(token)


def test_deleted_person_is_refused(alice: User, token: str) -> None:
    alice.delete()
    with pytest.raises(Unauthorized):
        tokens.verify_access(token)


def test_no_table_holds_a_token(pair: Pair) -> None:
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    redeemed(ticket)
    rotated = tokens.rotate(pair.refresh)
    stored = _everything_stored()
    assert claims_of(pair.refresh)["jti"] in stored
    for token in (pair.access, pair.refresh, ticket, rotated.access, rotated.refresh):
        assert token.split(".")[2] not in stored


def _everything_stored() -> str:
    """All rows of all tables, as one text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rows += cursor.fetchall()
    return repr(rows)
