"""The token of a forgotten password: once, for an hour, for one person."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts import mailed_tokens, passwords, tokens
from accounts.models import Session, User
from core.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "a long first one", display_name="Ann")


def test_a_token_names_its_person(ann: User) -> None:
    assert mailed_tokens.verify_reset_token(mailed_tokens.reset_token(ann)) == ann


def test_a_token_is_void_when_the_password_has_changed(ann: User) -> None:
    token = mailed_tokens.reset_token(ann)
    ann.set_password("a long second one")
    ann.save()
    assert mailed_tokens.verify_reset_token(token) is None


@pytest.mark.parametrize(
    "change",
    [
        {"token_version": 2},
        {"email": "new@example.org"},
        {"is_active": False},
        {"is_guest": True},
        {"is_bot": True},
    ],
)
def test_a_token_is_void_when_the_account_has_changed(
    ann: User, change: dict[str, object]
) -> None:
    token = mailed_tokens.reset_token(ann)
    User.objects.filter(pk=ann.pk).update(**change)
    assert mailed_tokens.verify_reset_token(token) is None


def test_a_token_of_one_person_is_none_of_another(ann: User) -> None:
    bob = User.objects.create_user("bob", "a long first one", display_name="Bob")
    proof = mailed_tokens.reset_token(ann).partition(".")[2]
    assert mailed_tokens.verify_reset_token(f"{bob.pk.hex}.{proof}") is None


@pytest.mark.parametrize(("minutes", "valid"), [(59, True), (61, False)])
def test_a_token_lives_for_an_hour(ann: User, minutes: int, valid: bool) -> None:
    token = mailed_tokens.reset_token(ann)
    later = datetime.now() + timedelta(minutes=minutes)  # noqa: DTZ005
    with patch.object(PasswordResetTokenGenerator, "_now", return_value=later):
        assert (mailed_tokens.verify_reset_token(token) is not None) is valid


@pytest.mark.parametrize("token", ["", ".", "x.y", "0" * 32 + ".a-b", "\0", "é" * 40])
def test_a_text_that_is_no_token_belongs_to_nobody(token: str) -> None:
    assert mailed_tokens.verify_reset_token(token) is None


def test_a_reset_ends_every_session_and_works_once(ann: User) -> None:
    tokens.start_session(ann, user_agent="")
    token = mailed_tokens.reset_token(ann)
    passwords.reset_password(token, "a long second one")
    ann.refresh_from_db()
    assert ann.check_password("a long second one")
    assert not Session.objects.filter(user=ann, ended_at=None).exists()
    with pytest.raises(Invalid):
        passwords.reset_password(token, "a long third one")
    ann.refresh_from_db()
    assert ann.check_password("a long second one")


def test_a_weak_password_does_not_use_the_token_up(ann: User) -> None:
    token = mailed_tokens.reset_token(ann)
    with pytest.raises(Invalid) as refused:
        passwords.reset_password(token, "12345678")
    assert "new_password" in (refused.value.fields or {})
    assert mailed_tokens.verify_reset_token(token) == ann
