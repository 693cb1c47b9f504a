"""System checks: no start with tokens that can be forged or not revoked."""

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
