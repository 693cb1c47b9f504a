"""POST me/password."""

from typing import Any

import pytest
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from accounts.registration import register
from core import limits
from core.limits.bucket import RateLimit

from .door import Answer, Door, check_refused

OLD, NEW = "trombone-42", "tuba-43-tuba"


@pytest.fixture
def erin(db: None) -> User:
    return register(username="erin", password=OLD)[0]


@pytest.fixture
def as_erin(erin: User) -> Door:
    return Door(tokens.start_session(erin).access)


def change(door: Door, **fields: Any) -> Answer:
    body = {"current_password": OLD, "new_password": NEW, **fields}
    return door.post("me/password", body)


def test_new_password_logs_in_and_the_old_one_does_not(as_erin: Door) -> None:
    assert change(as_erin).status == 200
    body = {"username": "erin", "password": NEW}
    assert Door().post("auth/login", body).status == 200
    answer = Door().post("auth/login", {**body, "password": OLD})
    check_refused(answer, 401, "unauthorized")


def test_answer_is_a_pair_to_go_on_with(as_erin: Door) -> None:
    pair = change(as_erin).json()
    assert set(pair) == {"access", "refresh"}
    assert Door(pair["access"]).get("me").json()["username"] == "erin"
    body = {"refresh": pair["refresh"]}
    assert Door().post("auth/refresh", body).status == 200


def test_every_earlier_session_ends(as_erin: Door, erin: User) -> None:
    phone = tokens.start_session(erin)
    change(as_erin)
    check_refused(as_erin.get("me"), 401, "unauthorized")
    check_refused(Door(phone.access).get("me"), 401, "unauthorized")
    answer = Door().post("auth/refresh", {"refresh": phone.refresh})
    check_refused(answer, 401, "unauthorized")


def test_wrong_current_password(as_erin: Door) -> None:
    answer = change(as_erin, current_password="wrong")
    check_refused(answer, 400, "invalid", "current_password")
    assert as_erin.get("me").status == 200


@pytest.mark.parametrize("password", ["short", "password", "123456789"])
def test_weak_new_password(as_erin: Door, erin: User, password: str) -> None:
    answer = change(as_erin, new_password=password)
    check_refused(answer, 400, "invalid", "new_password")
    assert as_erin.get("me").status == 200
    erin.refresh_from_db()
    assert erin.check_password(OLD)


@pytest.mark.parametrize("field", ["current_password", "new_password"])
@pytest.mark.parametrize("value", [None, "", [], {}, True, 12345678, "\x00", "x" * 129])
def test_malformed_field(as_erin: Door, field: str, value: object) -> None:
    check_refused(change(as_erin, **{field: value}), 400, "invalid", field)


def test_missing_and_unknown_fields(as_erin: Door) -> None:
    names = ("current_password", "new_password")
    check_refused(as_erin.post("me/password", {}), 400, "invalid", *names)
    check_refused(change(as_erin, username="frank"), 400, "invalid", "username")


def test_anonymous_changes_nothing(anonymous: Door, erin: User) -> None:
    check_refused(change(anonymous), 401, "unauthorized")
    erin.refresh_from_db()
    assert erin.check_password(OLD)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("me/password", {"new_password": NEW}),
        ("me/email", {"email": ""}),
        ("me/delete", {"messages": "keep"}),
    ],
)
def test_guesses_with_a_token_count_like_those_without(
    path: str,
    fields: dict[str, str],
    as_erin: Door,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An open browser that somebody finds must not give them the password, too."""
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "failed_logins", RateLimit(0.001, 2, name="failed"))
    for _ in range(2):
        answer = as_erin.post(path, {"current_password": "wrong", **fields})
        check_refused(answer, 400, "invalid", "current_password")
    late = {"current_password": OLD, **fields}
    check_refused(as_erin.post(path, late), 429, "rate_limited")
    body = {"username": "erin", "password": OLD}
    check_refused(Door().post("auth/login", body), 429, "rate_limited")
