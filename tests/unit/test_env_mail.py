"""EMAIL_URL: what is read from it, and what stops the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.env import env_mail


def test_a_url_of_smtp_sets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp://me%40x:p%2Fw@mail.example:587/?tls=true")
    read = env_mail("EMAIL_URL")
    assert read["EMAIL_HOST"] == "mail.example"
    assert read["EMAIL_PORT"] == 587
    assert read["EMAIL_HOST_USER"] == "me@x"
    assert read["EMAIL_HOST_PASSWORD"] == "p/w"
    assert read["EMAIL_USE_TLS"] is True


def test_without_a_url_there_are_no_settings_of_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("EMAIL_URL", raising=False)
    assert env_mail("EMAIL_URL") == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hidden@h",
        "smtp://",
        "smtp://u:hidden@h:port",
        "smtp://u:hidden@h/?tls=maybe",
    ],
)
def test_a_bad_url_of_mail_stops_the_start_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured) as error:
        env_mail("EMAIL_URL")
    assert "hidden" not in str(error.value)
