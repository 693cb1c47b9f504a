"""System checks: no start with tokens that can be forged or not revoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import OperationalError
from pytest_django import Settings

from accounts import checks, demo
from accounts.checks import passwords_are_secret
from accounts.models import User
from accounts.registration import register
from core.errors import Invalid


def found() -> list[str | None]:
    return [one.id for one in run_checks() if str(one.id).startswith("accounts.")]


def test_settings_of_these_tests_are_safe() -> None:
    assert found() == []


def test_missing_blacklist_is_an_error(settings: Settings) -> None:
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if not app.endswith("token_blacklist")
    ]
    assert found() == ["accounts.E001"]


def test_key_of_31_bytes_is_an_error(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = "x" * 31
    assert found() == ["accounts.E002"]


def test_key_of_32_bytes_is_fine(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = "x" * 32
    assert found() == []


def test_empty_key_is_an_error(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = ""
    assert "accounts.E002" in found()


def test_short_previous_key_is_an_error(settings: Settings) -> None:
    settings.JWT_PREVIOUS_KEY = "x" * 31
    assert found() == ["accounts.E002"]


def test_secret_key_must_not_sign_tokens(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = settings.SECRET_KEY
    assert found() == ["accounts.E003"]


def test_secret_key_must_not_have_signed_tokens(settings: Settings) -> None:
    settings.JWT_PREVIOUS_KEY = settings.SECRET_KEY
    assert found() == ["accounts.E003"]


@pytest.mark.parametrize(
    "host", ["*", "chat.example.org", ".example.org", "8.8.8.8", "[2606:4700::1111]"]
)
def test_debug_on_a_public_host_is_an_error(settings: Settings, host: str) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost", host]
    assert found() == ["accounts.E004"]
    settings.DEBUG = False
    assert found() == []


def test_debug_at_home_is_fine(settings: Settings) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "192.168.1.20",
        "chat.localhost",
        "box.local",
        "web",
    ]
    assert found() == []


def test_long_access_tokens_in_urls_are_an_error(settings: Settings) -> None:
    long = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(seconds=901)}
    settings.SIMPLE_JWT = long
    assert found() == ["accounts.E005"]
    settings.WS_REQUIRE_TICKET = True
    assert found() == []


def test_access_tokens_of_15_minutes_in_urls_are_fine(settings: Settings) -> None:
    short = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15)}
    settings.SIMPLE_JWT = short
    assert found() == []


def test_each_error_says_what_to_set(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = settings.SECRET_KEY = "short"
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["*"]
    hints = {problem.id: problem.hint or "" for problem in run_checks()}
    assert "JWT_SIGNING_KEY" in hints["accounts.E002"]
    assert "JWT_SIGNING_KEY" in hints["accounts.E003"]
    assert "DEBUG" in hints["accounts.E004"]


def test_mail_without_a_public_url_is_an_error(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found() == ["accounts.E006"]
    settings.PUBLIC_URL = "https://chat.example.org"
    assert found() == []


@pytest.fixture
def live(settings: Settings, db: None) -> None:
    """Bob and mira of the demonstrations, after DEBUG was switched off."""
    for name in ("bob", "mira"):
        demo.create_person(name)
    settings.DEBUG = False


def told() -> list[str]:
    return [str(problem.msg) for problem in passwords_are_secret(None)]


@pytest.mark.usefixtures("live")
def test_a_printed_password_that_opens_an_account_is_an_error() -> None:
    [problem] = passwords_are_secret(None)
    assert (problem.id, problem.is_serious()) == ("accounts.E007", True)
    assert "bob, mira" in str(problem.msg)
    assert "changepassword bob" in str(problem.hint)


@pytest.mark.usefixtures("live")
def test_a_printed_password_that_was_changed_is_no_error(settings: Settings) -> None:
    bob, mira = User.objects.order_by("username")
    bob.set_password("trombone-42")
    bob.save()
    User.objects.filter(pk=mira.pk).update(is_active=False)
    assert told() == []
    User.objects.filter(pk=mira.pk).update(is_active=True)
    assert len(told()) == 1
    settings.DEBUG = True
    assert told() == []


@pytest.mark.parametrize("password", ["alice-likes-hubbub", "Noah-LIKES-hubbub"])
def test_nobody_chooses_a_printed_password(password: str) -> None:
    """Or a stranger, registering so, would keep the server from starting again."""
    with pytest.raises(Invalid) as refused:
        register(username="noah", password=password)
    assert set(refused.value.fields or {}) == {"password"}


def test_the_check_of_printed_passwords_takes_one_query_and_few_hashes(
    settings: Settings, django_assert_num_queries: Any, db: None
) -> None:
    """One query, and a hash for each account of these names alone."""
    register(username="somebody", password="trombone-42")
    settings.DEBUG = False
    with django_assert_num_queries(1):
        assert told() == []
    settings.DEBUG = True
    with django_assert_num_queries(0):
        assert told() == []


def test_a_database_without_tables_has_no_printed_passwords(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> list[str]:
        raise OperationalError

    monkeypatch.setattr(checks, "accounts_with_printed_passwords", refuse)
    settings.DEBUG = False
    assert told() == []
