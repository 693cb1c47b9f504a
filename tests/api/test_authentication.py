"""Which Authorization header opens the door, and that none else does, anywhere."""

import time

import pytest

from accounts import tokens
from accounts.models import Session, User
from accounts.tokens import Pair
from chat.models import Membership, Message, Room
from tests.unit.crafted import changed, claims_of, signed

from .door import Door, check_refused
from .surface import OPERATIONS, PRIVATE, Operation, name


@pytest.fixture
def pair(alice: User) -> Pair:
    return tokens.start_session(alice)


def test_there_is_a_surface_to_try() -> None:
    assert len(OPERATIONS) >= 20
    assert len(PRIVATE) == len(OPERATIONS) - 9


@pytest.mark.parametrize("operation", PRIVATE, ids=name)
def test_anonymous_is_refused(anonymous: Door, operation: Operation) -> None:
    answer = anonymous.send(operation.method, operation.path(), {})
    check_refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", PRIVATE, ids=name)
def test_refresh_token_is_refused(pair: Pair, operation: Operation) -> None:
    door = Door(pair.refresh)
    answer = door.send(operation.method, operation.path(), {})
    check_refused(answer, 401, "unauthorized")


def test_anonymous_changes_nothing(anonymous: Door, room: object) -> None:
    tables = (User, Room, Membership, Message)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    for operation in PRIVATE:
        room_id = str(Room.objects.get().pk)
        anonymous.send(operation.method, operation.path(room_id), {})
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_access_token_opens(pair: Pair) -> None:
    assert Door(pair.access).get("me").json()["username"] == "alice"


def test_ticket_is_refused(pair: Pair) -> None:
    ticket = tokens.issue_ticket(tokens.verify_access(pair.access))
    check_refused(Door(ticket).get("me"), 401, "unauthorized")


def test_expired_token_says_so(pair: Pair) -> None:
    expired = changed(pair.access, exp=int(time.time()) - 60)
    answer = Door(expired).get("me")
    check_refused(answer, 401, "token_expired")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_foreign_token_is_refused(pair: Pair) -> None:
    foreign = signed(claims_of(pair.access), "another-service-signs-with-this-key")
    check_refused(Door(foreign).get("me"), 401, "unauthorized")


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_token_for_another_service_is_refused(pair: Pair, claim: str) -> None:
    other = changed(pair.access, **{claim: "another"})
    check_refused(Door(other).get("me"), 401, "unauthorized")


def test_token_of_an_ended_session_is_refused(alice: User, pair: Pair) -> None:
    tokens.revoke(alice, Session.objects.get().pk)
    check_refused(Door(pair.access).get("me"), 401, "unauthorized")


def test_token_of_an_inactive_person_is_refused(alice: User, pair: Pair) -> None:
    User.objects.update(is_active=False)
    check_refused(Door(pair.access).get("me"), 401, "unauthorized")


def test_token_of_a_deleted_person_is_refused(alice: User, pair: Pair) -> None:
    alice.delete()
    check_refused(Door(pair.access).get("me"), 401, "unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer {token} {token}",
        "Bearer {token},",
        "Token {token}",
        "Basic YWxpY2U6cGFzc3dvcmQ=",
        "{token}",
        "Bearer \xe9\xff",
        "Bearer \x00",
        "Bearer " + "x" * 10_000,
    ],
)
def test_header_that_is_not_quite_right_is_refused(pair: Pair, header: str) -> None:
    sent = header.replace("{token}", pair.access)
    answer = Door().get("me", HTTP_AUTHORIZATION=sent)
    check_refused(answer, 401, "unauthorized")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_is_written_in_any_case(pair: Pair, scheme: str) -> None:
    answer = Door().get("me", HTTP_AUTHORIZATION=f"{scheme} {pair.access}")
    assert answer.status == 200


def test_token_in_the_address_opens_nothing(pair: Pair) -> None:
    answer = Door().get(f"me?token={pair.access}&access_token={pair.access}")
    check_refused(answer, 401, "unauthorized")


def test_session_cookie_of_the_admin_opens_nothing(dora: User) -> None:
    door = Door()
    door.client.force_login(dora, "django.contrib.auth.backends.ModelBackend")
    check_refused(door.get("me"), 401, "unauthorized")


def test_public_operation_does_not_mind_a_bad_token(db: None) -> None:
    assert Door("nonsense").get("limits").status == 200
