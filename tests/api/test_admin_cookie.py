"""The admin's cookie ends with the person's tokens, and the tokens with its password.

Each test logs in through the admin's own form and keeps the cookie that it was given.
"""

from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from accounts import mailed_tokens, passwords, sessions, tokens
from accounts.models import User
from core import limits
from core.limits.bucket import RateLimit

from .door import Door

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "trombone-42", "tuba-43-tuba"


@pytest.fixture
def erin(db: None) -> User:
    return User.objects.create_superuser("erin", OLD, display_name="Erin")


@pytest.fixture
def as_erin(erin: User) -> Door:
    return Door(tokens.start_session(erin).access)


@pytest.fixture
def browser(erin: User) -> Client:
    """It keeps the cookie."""
    client = Client()
    enter(client)
    assert is_in(client)
    return client


def enter(client: Client) -> None:
    form = {"username": "erin", "password": OLD}
    assert client.post("/admin/login/", form, follow=False).status_code == 302


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def restore(erin: User) -> None:
    """All but the version, as somebody would who put the person back by hand."""
    User.objects.filter(pk=erin.pk).update(is_active=True, is_staff=True)


def reset(erin: User) -> None:
    """The log-in changed the row, and the token is made from it."""
    erin.refresh_from_db()
    passwords.reset_password(mailed_tokens.reset_token(erin), NEW)


Act = Callable[[Door, User], object]

ACTS: dict[str, Act] = {
    "log out everywhere": lambda door, _: door.post("auth/logout-all"),
    "change the password": lambda door, _: door.post(
        "me/password", {"current_password": OLD, "new_password": NEW}
    ),
    "reset the password": lambda _, erin: reset(erin),
    "deactivate": lambda _, erin: sessions.change_rights(erin, is_active=False),
    "take the staff flag": lambda _, erin: sessions.change_rights(erin, is_staff=False),
    "take the superuser flag": lambda _, erin: sessions.change_rights(
        erin, is_superuser=False
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_the_cookie_ends_with_the_tokens(
    browser: Client, as_erin: Door, erin: User, act: str
) -> None:
    ACTS[act](as_erin, erin)
    restore(erin)
    assert not is_in(browser)
    assert as_erin.get("me").status == 401


def test_the_cookie_stays_when_one_device_is_logged_out(
    browser: Client, as_erin: Door
) -> None:
    assert as_erin.post("auth/logout").status == 204
    assert is_in(browser)


def test_a_cookie_of_the_old_secret_key_ends_too(
    browser: Client, as_erin: Door, settings: Settings
) -> None:
    """Django accepts it through SECRET_KEY_FALLBACKS, by a hash of its own."""
    settings.SECRET_KEY_FALLBACKS = [django_settings.SECRET_KEY]
    settings.SECRET_KEY = "x" * 50
    assert is_in(browser)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "y" * 50
    as_erin.post("auth/logout-all")
    assert not is_in(browser)


def change_own(client: Client, old: str = OLD) -> int:
    form = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post("/admin/password_change/", form).status_code


def test_a_password_changed_in_the_admin_ends_the_tokens_and_other_cookies(
    browser: Client, as_erin: Door, erin: User
) -> None:
    other = Client()
    enter(other)
    assert change_own(browser) == 302
    erin.refresh_from_db()
    assert erin.check_password(NEW)
    assert as_erin.get("me").status == 401
    assert not is_in(other)
    assert is_in(browser)


def test_the_password_page_counts_guesses_with_those_of_the_log_in(
    browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A found cookie is no way to try passwords."""
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "failed_logins", RateLimit(0.001, 2, name="failed"))
    assert [change_own(browser, "wrong") for _ in range(2)] == [200, 200]
    assert change_own(browser) == 200
    body = {"username": "erin", "password": OLD}
    assert Door().post("auth/login", body).status == 429
