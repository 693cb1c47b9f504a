"""How many mails a person, a network and an address may cause or get."""

import json
from collections.abc import Callable

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import User
from core import jobs
from tests.people import access_token

from .door import Door, check_refused

# A mail goes out when what it is about is committed.
pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "alice@example.org"

OLD, NEW = "a good password", "another good one"


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


def ask(anonymous: Door, email: str = ADDRESS) -> None:
    answer = anonymous.post("auth/password-reset", {"email": email})
    assert (answer.status, answer.content) == (204, b"")


def reset(anonymous: Door, token: str, password: str = NEW) -> int:
    body = {"token": token, "new_password": password}
    return anonymous.post("auth/password-reset/confirm", body).status


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


def test_a_full_queue_refuses_before_anybody_is_looked_up(
    anonymous: Door, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = jobs.Worker("mail", threads=0, most=1)
    full.put(lambda: None)
    monkeypatch.setattr(jobs, "MAIL", full)
    for email in (ADDRESS, "nobody@example.org"):
        answer = anonymous.post("auth/password-reset", {"email": email})
        check_refused(answer, 503, "unavailable")
    assert mail.outbox == []
