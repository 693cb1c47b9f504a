"""Confirming an address, and a password that was forgotten."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts import mailed_tokens, tokens
from accounts.models import Session, User
from core import jobs
from tests.people import person

from .door import Door, check_refused

# A mail goes out when what it is about is committed.
pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "a good password", "another good one"

ADDRESS = "alice@example.org"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Its own threads would not see what the test has not committed."""
    settings.PUBLIC_URL = "https://chat.example.org"

    def run(job: Callable[[], None], worker: object = None) -> None:
        job()

    monkeypatch.setattr(jobs, "start", run)


@pytest.fixture
def alice(alice: User) -> User:
    alice.set_password(OLD)
    alice.email = ADDRESS
    alice.save()
    return alice


def linked(purpose: str) -> str:
    """The token of the one mail that there is."""
    [message] = mail.outbox
    found = re.search(rf"https://chat.example.org/#{purpose}=(\S+)", str(message.body))
    assert found is not None
    mail.outbox.clear()
    return found[1]


def ask(anonymous: Door, email: str = ADDRESS) -> None:
    answer = anonymous.post("auth/password-reset", {"email": email})
    assert (answer.status, answer.content) == (204, b"")


def reset(anonymous: Door, token: str, password: str = NEW) -> int:
    body = {"token": token, "new_password": password}
    return anonymous.post("auth/password-reset/confirm", body).status


def log_in(anonymous: Door, password: str) -> int:
    body = {"username": "alice", "password": password}
    return anonymous.post("auth/login", body).status


def test_a_person_who_forgot_the_password_sets_a_new_one(
    anonymous: Door, alice: User
) -> None:
    session = tokens.start_session(alice)
    ask(anonymous, ADDRESS.upper())
    assert mail.outbox[0].to == [ADDRESS]
    assert "alice" in str(mail.outbox[0].body)
    assert reset(anonymous, linked("reset")) == 204
    assert log_in(anonymous, OLD) == 401
    assert log_in(anonymous, NEW) == 200
    assert Door(session.access).get("me").status == 401
    assert Session.objects.filter(user=alice, ended_at=None).count() == 1


def test_a_link_is_good_once(anonymous: Door, alice: User) -> None:
    ask(anonymous)
    token = linked("reset")
    assert reset(anonymous, token, "short") == 400
    assert reset(anonymous, token) == 204
    assert reset(anonymous, token, "a third good one") == 400
    assert log_in(anonymous, NEW) == 200


def test_a_link_ends_after_an_hour(
    anonymous: Door, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(anonymous)
    token = linked("reset")
    later = timezone.now().replace(tzinfo=None) + timedelta(seconds=3605)
    monkeypatch.setattr(mailed_tokens._Generator, "_now", lambda self: later)
    assert reset(anonymous, token) == 400


@pytest.mark.parametrize(
    "flags", [{"is_active": False}, {"is_guest": True}, {"is_bot": True}]
)
def test_an_account_that_may_not_log_in_gets_no_mail(
    anonymous: Door, alice: User, flags: dict[str, bool]
) -> None:
    User.objects.filter(pk=alice.pk).update(**flags)
    ask(anonymous)
    ask(anonymous, "nobody@example.org")
    assert mail.outbox == []


def test_one_link_is_not_another(anonymous: Door, alice: User) -> None:
    """Neither another person's, nor one for another purpose."""
    bob = person("bob")
    proof = mailed_tokens.reset_token(alice).partition(".")[2]
    assert reset(anonymous, f"{bob.pk.hex}.{proof}") == 400
    assert reset(anonymous, mailed_tokens.email_token(alice, ADDRESS)) == 400
    encoded = ADDRESS.encode().hex()
    body = {"token": f"{encoded}.{mailed_tokens.reset_token(alice)}"}
    check_refused(anonymous.post("auth/email", body), 400, "invalid", "token")


def test_a_new_address_counts_when_it_is_confirmed(
    as_alice: Door, anonymous: Door, alice: User
) -> None:
    body = {"email": "new@example.org", "current_password": OLD}
    assert as_alice.post("me/email", body).status == 204
    assert mail.outbox[0].to == ["new@example.org"]
    token = linked("email")
    assert as_alice.get("me").json()["email"] == ADDRESS
    assert anonymous.post("auth/email", {"token": token}).status == 204
    assert as_alice.get("me").json()["email"] == "new@example.org"
    again = anonymous.post("auth/email", {"token": token})
    check_refused(again, 400, "invalid", "token")


def test_an_address_is_taken_away_at_once(as_alice: Door, alice: User) -> None:
    body = {"email": "", "current_password": OLD}
    assert as_alice.post("me/email", body).status == 204
    assert as_alice.get("me").json()["email"] == ""
    # It is told, and asked for nothing.
    [told] = mail.outbox
    assert told.to == [ADDRESS]
    assert "#" not in str(told.body)


def test_only_the_reader_of_the_mail_learns_that_an_address_is_taken(
    as_bob: Door, anonymous: Door, alice: User, bob: User
) -> None:
    bob.set_password(OLD)
    bob.save()
    body = {"email": ADDRESS.upper(), "current_password": OLD}
    assert as_bob.post("me/email", body).status == 204
    refused = anonymous.post("auth/email", {"token": linked("email")})
    check_refused(refused, 409, "conflict")
    bob.refresh_from_db()
    assert bob.email == ""


def test_changing_the_address_needs_the_password(as_alice: Door, alice: User) -> None:
    body = {"email": "new@example.org", "current_password": "wrong"}
    answer = as_alice.post("me/email", body)
    check_refused(answer, 400, "invalid", "current_password")
    assert mail.outbox == []


def test_nobody_else_sees_the_address(as_bob: Door, alice: User, bob: User) -> None:
    for path in (f"users/{alice.pk}", "users?search=ali", "directory"):
        assert ADDRESS not in as_bob.get(path).content.decode()


def test_a_server_without_mail_says_so(
    anonymous: Door, as_alice: Door, alice: User, settings: Settings
) -> None:
    settings.SENDS_MAIL = False
    answer = anonymous.post("auth/password-reset", {"email": ADDRESS})
    check_refused(answer, 403, "forbidden")
    body = {"email": "new@example.org", "current_password": OLD}
    check_refused(as_alice.post("me/email", body), 403, "forbidden")
    assert mail.outbox == []


def test_a_mail_to_a_stranger_has_no_word_of_the_account(
    as_alice: Door, alice: User
) -> None:
    """Not even the username, which may be an address of a page."""
    alice.username, alice.display_name = "buy.example.com", "Win at http://evil.example"
    alice.save()
    body = {"email": "stranger@example.org", "current_password": OLD}
    assert as_alice.post("me/email", body).status == 204
    [message] = mail.outbox
    told = f"{message.subject}{message.body}{message.to}{message.extra_headers}"
    assert "evil" not in told
    assert "buy" not in told
