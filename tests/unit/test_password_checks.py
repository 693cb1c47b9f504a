"""Passwords are hashed before a transaction begins, and each check costs a token."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import mailed_tokens, passwords, sessions
from accounts.mails import change_email
from accounts.models import User
from accounts.registration import register
from chat.actions.departures import close_account
from core import limits
from core.errors import Invalid, RateLimited, Unauthorized
from core.limits.bucket import RateLimit
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "trombone-42", "tuba-43-tuba"


@pytest.fixture
def erin(db: None) -> User:
    return register(username="erin", password=OLD)[0]


@pytest.fixture
def site(settings: Settings) -> Client:
    settings.WHITENOISE_ROOT = None
    root = User.objects.create_superuser("root", OLD, display_name="Root")
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each hash that is computed, whether a transaction was open meanwhile."""
    found: list[bool] = []
    encode = MD5PasswordHasher.encode

    def watched(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        found.append(connection.in_atomic_block)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", watched)
    return found


def change_password(user: User) -> object:
    return passwords.change_password(
        acting(user), current_password=OLD, new_password=NEW, user_agent=""
    )


def _in_admin(site: Client, path: str, **fields: str) -> None:
    form = {"password1": NEW, "password2": NEW, "usable_password": "true", **fields}
    assert site.post(f"/admin/{path}", form).status_code == 302


@pytest.mark.parametrize(
    ("act", "hashes"),
    [
        (lambda u: register(username="frank", password=NEW), 1),
        (lambda u: sessions.log_in(username="erin", password=OLD), 1),
        (change_password, 2),
        (lambda u: passwords.reset_password(mailed_tokens.reset_token(u), NEW), 1),
        (lambda u: change_email(acting(u), email="", current_password=OLD), 1),
        (lambda u: close_account(acting(u), current_password=OLD, messages="keep"), 1),
    ],
)
def test_no_password_is_hashed_inside_a_transaction(
    erin: User, hashed: list[bool], act: Callable[[User], object], hashes: int
) -> None:
    """On SQLite a transaction keeps everybody else's writes waiting."""
    hashed.clear()
    act(erin)
    assert hashed == [False] * hashes


def test_the_admin_hashes_no_password_inside_a_transaction(
    erin: User, site: Client, hashed: list[bool]
) -> None:
    new = {"username": "frank", "display_name": "Frank"}
    _in_admin(site, "accounts/user/add/", **new)
    _in_admin(site, f"accounts/user/{erin.pk}/password/", **{"set-password": "1"})
    assert hashed == [False] * 2
    for name in ("frank", "erin"):
        assert User.objects.get(username=name).check_password(NEW)


@pytest.mark.parametrize(
    "act",
    [
        change_password,
        lambda u: change_email(acting(u), email="", current_password=OLD),
        lambda u: close_account(acting(u), current_password=OLD, messages="keep"),
    ],
)
def test_a_password_that_changed_after_the_check_does_nothing(
    erin: User, monkeypatch: pytest.MonkeyPatch, act: Callable[[User], object]
) -> None:
    check = passwords.check_password

    def outrun(user: User, given: str) -> None:
        check(user, given)
        row = User.objects.get(pk=user.pk)
        row.set_password("piccolo-44")
        row.save(update_fields=["password"])

    monkeypatch.setattr(passwords, "check_password", outrun)
    with pytest.raises(Invalid) as refused:
        act(erin)
    assert set(refused.value.fields or {}) == {"current_password"}
    erin.refresh_from_db()
    assert (erin.username, erin.check_password("piccolo-44")) == ("erin", True)


def test_a_person_who_is_logged_out_after_the_check_does_nothing(
    erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = passwords.check_password

    def outrun(user: User, given: str) -> None:
        check(user, given)
        sessions.end_all_sessions(User.objects.get(pk=user.pk))

    monkeypatch.setattr(passwords, "check_password", outrun)
    with pytest.raises(Unauthorized):
        change_password(erin)
    erin.refresh_from_db()
    assert erin.check_password(OLD)


def test_a_link_that_is_used_twice_at_once_sets_one_password(
    erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, hash_of = mailed_tokens.reset_token(erin), passwords.hash_of

    def outrun(password: str, user: User) -> str:
        monkeypatch.setattr(passwords, "hash_of", hash_of)
        passwords.reset_password(token, NEW)
        return hash_of(password, user)

    monkeypatch.setattr(passwords, "hash_of", outrun)
    with pytest.raises(Invalid):
        passwords.reset_password(token, "piccolo-44")
    erin.refresh_from_db()
    assert erin.check_password(NEW)


def test_a_right_password_costs_a_token_where_a_person_is_asked_again(
    erin: User,
    hashed: list[bool],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each check takes a thread and a core: one person must not keep them busy."""
    settings.RATE_LIMITS = True
    limit: Any = RateLimit(0.001, 3, name="failed")
    monkeypatch.setattr(limits, "failed_logins", limit)
    hashed.clear()
    for _ in range(3):
        change_email(acting(erin), email="", current_password=OLD)
    for _ in range(5):
        with pytest.raises(RateLimited):
            change_email(acting(erin), email="", current_password=OLD)
    assert hashed == [False] * 3
