"""POST auth/login."""

import json
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from pytest_django import Settings

from accounts.models import Session, User
from accounts.registration import register
from core import limits
from core.limits.bucket import RateLimit

from .door import Answer, Door, check_refused

PASSWORD = "trombone-42"


@pytest.fixture(autouse=True)
def erin(db: None) -> User:
    return register(username="Erin", password=PASSWORD)[0]


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


def test_each_log_in_begins_a_session(anonymous: Door) -> None:
    registering = 1
    log_in(anonymous)
    log_in(anonymous)
    assert Session.objects.filter(ended_at=None).count() == registering + 2


def test_wrong_password_unknown_name_and_inactive_answer_the_same(
    anonymous: Door,
) -> None:
    register(username="frank", password=PASSWORD)
    User.objects.filter(username="frank").update(is_active=False)
    Session.objects.all().delete()
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


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    anonymous: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: the hasher runs once for each."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    for name in ("erin", "nobody"):
        hashed.clear()
        check_refused(
            log_in(anonymous, username=name, password="wrong"), 401, "unauthorized"
        )
        assert hashed == ["wrong"]


@pytest.fixture
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "failed_logins", RateLimit(0.001, 2, name="failed"))


def guess(door: Door, number: int, **fields: Any) -> Answer:
    """Each from another address."""
    body = json.dumps({"username": "Erin", "password": "wrong", **fields})
    address = f"192.0.2.{number}"
    return door.raw("POST", "auth/login", body.encode(), REMOTE_ADDR=address)


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("name", ["erin", "nobody"])
def test_guesses_at_one_account_are_counted_wherever_they_come_from(
    anonymous: Door, name: str
) -> None:
    for number in range(2):
        refused = guess(anonymous, number, username=name)
        check_refused(refused, 401, "unauthorized")
    answer = guess(anonymous, 3, username=name.upper())
    check_refused(answer, 429, "rate_limited")
    assert answer.headers["RateLimit-Policy"] == '"failed";q=2;w=2000'
    assert answer.headers["RateLimit"].startswith('"failed";r=0;t=')
    assert int(answer.headers["Retry-After"]) > 900
    # Not even the right password is looked at now; other accounts are.
    late = guess(anonymous, 4, username=name, password=PASSWORD)
    check_refused(late, 429, "rate_limited")
    check_refused(guess(anonymous, 5, username="frank"), 401, "unauthorized")


@pytest.mark.usefixtures("_limited")
def test_right_passwords_do_not_count(anonymous: Door) -> None:
    assert [log_in(anonymous).status for _ in range(5)] == [200] * 5


@pytest.mark.usefixtures("_limited")
def test_a_person_who_is_logged_in_is_not_bothered_by_a_strangers_guesses(
    anonymous: Door,
) -> None:
    pair = log_in(anonymous).json()
    for number in range(5):
        guess(anonymous, number)
    check_refused(log_in(anonymous), 429, "rate_limited")
    refreshed = anonymous.post("auth/refresh", {"refresh": pair["refresh"]})
    assert refreshed.status == 200
    assert Door(refreshed.json()["access"]).get("me").status == 200
