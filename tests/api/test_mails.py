"""Confirming an address, and a password that was forgotten."""

import json
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
from tests.people import access_token, person

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


def test_a_forgotten_password(anonymous: Door, alice: User) -> None:
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
def test_who_gets_no_mail(anonymous: Door, alice: User, flags: dict[str, bool]) -> None:
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


def test_only_who_reads_the_mail_learns_that_it_is_taken(
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


def test_the_password_is_asked_for(as_alice: Door, alice: User) -> None:
    body = {"email": "new@example.org", "current_password": "wrong"}
    answer = as_alice.post("me/email", body)
    check_refused(answer, 400, "invalid", "current_password")
    assert mail.outbox == []


def test_nobody_else_sees_the_address(as_bob: Door, alice: User, bob: User) -> None:
    for path in (f"users/{alice.pk}", "users?search=ali", "directory"):
        assert ADDRESS not in as_bob.get(path).content.decode()


def test_without_mail_it_says_so(
    anonymous: Door, as_alice: Door, alice: User, settings: Settings
) -> None:
    settings.SENDS_MAIL = False
    answer = anonymous.post("auth/password-reset", {"email": ADDRESS})
    check_refused(answer, 403, "forbidden")
    body = {"email": "new@example.org", "current_password": OLD}
    check_refused(as_alice.post("me/email", body), 403, "forbidden")
    assert mail.outbox == []


def test_mails_to_one_address_are_limited(anonymous: Door, settings: Settings) -> None:
    settings.RATE_LIMITS = True
    answers = [ask_from(anonymous, f"192.0.2.{number}") for number in range(7)]
    assert answers == [204] * 5 + [429] * 2


def test_a_letter_that_only_looks_alike_is_another_address(
    anonymous: Door, alice: User, settings: Settings
) -> None:
    """PostgreSQL's UPPER takes a dotless i and a long s for i and s: each such spelling
    would be limited for itself, and all of them mailed to one person.
    """
    User.objects.filter(pk=alice.pk).update(email="alice.smith@example.org")
    settings.RATE_LIMITS = True
    dotless, long = "\u0131", "\u017f"
    spellings = [
        f"al{i}ce.{s}mith@example.org" for i in ("i", dotless) for s in ("s", long)
    ]
    for number, email in enumerate(spellings * 6):
        body = json.dumps({"email": email}).encode()
        network = f"192.0.{number}.1"
        anonymous.raw("POST", "auth/password-reset", body, REMOTE_ADDR=network)
    assert len(mail.outbox) == 5


def ask_from(door: Door, address: str, email: str = "victim@example.org") -> int:
    body = json.dumps({"email": email}).encode()
    return door.raw("POST", "auth/password-reset", body, REMOTE_ADDR=address).status


def test_mails_that_one_network_causes_are_limited(
    anonymous: Door, settings: Settings
) -> None:
    """A /56 is four addresses, however many of its /64s ask."""
    settings.RATE_LIMITS = True

    def asked(address: str) -> int:
        """How many of a hundred mails to a hundred people."""
        found = [
            ask_from(anonymous, address.format(n), f"person-{n}@{len(address)}.example")
            for n in range(100)
        ]
        return found.count(204)

    assert asked("203.0.113.9") == 20
    assert asked("2001:db8:0:{:x}::1") == 80


def test_mails_that_one_person_causes_are_limited(
    alice: User, settings: Settings
) -> None:
    """From wherever they ask: 120 went to 120 strangers in three seconds once."""
    settings.RATE_LIMITS = True
    answers = []
    for number in range(40):
        body = {"email": f"stranger-{number}@example.org", "current_password": OLD}
        answers.append(change_from(alice, f"198.51.100.{number}", body))
    assert answers.count(204) == len(mail.outbox) == 5


def change_from(person: User, address: str, body: dict[str, str]) -> int:
    door = Door(access_token(person))
    content = json.dumps(body).encode()
    return door.raw("POST", "me/email", content, REMOTE_ADDR=address).status


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


def test_a_full_queue_is_said_before_anybody_is_looked_for(
    anonymous: Door, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = jobs.Worker("mail", threads=0, most=1)
    full.put(lambda: None)
    monkeypatch.setattr(jobs, "MAIL", full)
    for email in (ADDRESS, "nobody@example.org"):
        answer = anonymous.post("auth/password-reset", {"email": email})
        check_refused(answer, 503, "unavailable")
    assert mail.outbox == []
