"""System checks: no start with tokens that can be forged or not revoked."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts.checks import tokens_are_safe


def found() -> list[str | None]:
    return [problem.id for problem in tokens_are_safe(None)]


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
    hints = {problem.id: problem.hint or "" for problem in tokens_are_safe(None)}
    assert "JWT_SIGNING_KEY" in hints["accounts.E002"]
    assert "JWT_SIGNING_KEY" in hints["accounts.E003"]
    assert "DEBUG" in hints["accounts.E004"]


def test_mail_without_an_address_for_its_links_is_an_error(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found() == ["accounts.E006"]
    settings.PUBLIC_URL = "https://chat.example.org"
    assert found() == []
