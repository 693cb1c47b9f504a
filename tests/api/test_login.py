"""POST auth/login."""

from typing import Any

import pytest

from accounts import people
from accounts.models import Session, User

from .door import Answer, Door, check_refused

PASSWORD = "trombone-42"


@pytest.fixture(autouse=True)
def erin(db: None) -> User:
    return people.register(username="Erin", password=PASSWORD)


def log_in(door: Door, **fields: Any) -> Answer:
    body = {"username": "Erin", "password": PASSWORD, **fields}
    return door.post("auth/login", body)


@pytest.mark.parametrize("username", ["Erin", "erin", "ERIN"])
def test_log_in(anonymous: Door, erin: User, username: str) -> None:
    answer = log_in(anonymous, username=username)
    assert answer.status == 200
    assert set(answer.json()) == {"access", "refresh", "user"}
    assert answer.json()["user"]["id"] == str(erin.pk)
    assert Door(answer.json()["access"]).get("me").status == 200


def test_each_log_in_is_a_session(anonymous: Door) -> None:
    log_in(anonymous)
    log_in(anonymous)
    assert Session.objects.filter(ended_at=None).count() == 2


def test_wrong_password_unknown_name_and_inactive_answer_the_same(
    anonymous: Door,
) -> None:
    people.register(username="frank", password=PASSWORD)
    User.objects.filter(username="frank").update(is_active=False)
    wrong = log_in(anonymous, password="wrong")
    check_refused(wrong, 401, "unauthorized")
    assert log_in(anonymous, username="nobody") == wrong
    assert log_in(anonymous, username="frank") == wrong
    assert not Session.objects.exists()


@pytest.mark.parametrize("password", [PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} "])
def test_password_is_compared_exactly(anonymous: Door, password: str) -> None:
    check_refused(log_in(anonymous, password=password), 401, "unauthorized")


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", [None, "", [], {}, True, 12345678, "\x00", "x" * 200])
def test_malformed_field(anonymous: Door, field: str, value: object) -> None:
    check_refused(log_in(anonymous, **{field: value}), 400, "invalid", field)


def test_missing_fields(anonymous: Door) -> None:
    answer = anonymous.post("auth/login", {})
    check_refused(answer, 400, "invalid", "username", "password")


def test_unknown_field(anonymous: Door) -> None:
    check_refused(log_in(anonymous, otp="1"), 400, "invalid", "otp")


@pytest.mark.parametrize("name", ["' OR 1=1 --", "érin", "İ", "%", "Erin\n"])
def test_strange_names_are_unknown_names(anonymous: Door, name: str) -> None:
    answer = log_in(anonymous, username=name, password="wrong")
    check_refused(answer, 401, "unauthorized")
