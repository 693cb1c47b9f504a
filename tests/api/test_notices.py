"""Changes of an account are mailed to the address that it had before."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import mailed_tokens
from accounts.mails import confirm_email
from accounts.models import User
from core import jobs, limits
from core.limits.bucket import RateLimit

from .door import Door

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "trombone-42", "tuba-43-tuba"
ADDRESS = "alice@example.org"
OTHER = "mallory@example.net"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"

    def run(job: Callable[[], None], *_: object) -> None:
        job()

    monkeypatch.setattr(jobs, "start", run)


@pytest.fixture
def alice(alice: User) -> User:
    alice.set_password(OLD)
    alice.display_name = "See www.example.net"
    alice.email = ADDRESS
    alice.is_staff = True
    alice.is_superuser = True
    alice.save()
    return alice


@pytest.fixture
def site(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def told() -> list[tuple[list[str], str]]:
    """To whom, and under which subject; the rest is checked here."""
    found = []
    for message in mail.outbox:
        body = str(message.body)
        assert "https://chat.example.org" in body
        for word in ("#", "alice", "example.net", "token"):
            assert word not in body
        found.append((message.to, str(message.subject)))
    mail.outbox.clear()
    return found


OF_PASSWORD = [([ADDRESS], "Your password was changed")]
OF_EMAIL = [([ADDRESS], "Your mail address was changed")]


def change_password(door: Door, new: str = NEW) -> int:
    body = {"current_password": OLD, "new_password": new}
    return door.post("me/password", body).status


def confirm(alice: User, email: str) -> None:
    alice.refresh_from_db()
    confirm_email(f"{email.encode().hex()}.{mailed_tokens.email_token(alice, email)}")


def test_a_person_is_told_of_a_changed_password(as_alice: Door) -> None:
    assert change_password(as_alice) == 200
    assert told() == OF_PASSWORD


def test_a_person_is_told_of_a_password_that_was_reset_by_mail(
    alice: User, anonymous: Door
) -> None:
    body = {"token": mailed_tokens.reset_token(alice), "new_password": NEW}
    assert anonymous.post("auth/password-reset/confirm", body).status == 204
    assert told() == OF_PASSWORD


def test_a_person_is_told_of_a_password_that_the_admin_set(
    alice: User, site: Client
) -> None:
    path = f"/admin/accounts/user/{alice.pk}/password/"
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert site.post(path, {**form, "set-password": "1"}).status_code == 302
    assert told() == OF_PASSWORD


def test_a_person_is_told_of_a_password_that_they_changed_in_the_admin(
    site: Client,
) -> None:
    form = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    assert site.post("/admin/password_change/", form).status_code == 302
    assert told() == OF_PASSWORD


def test_a_person_is_told_at_the_old_address_of_a_new_one(alice: User) -> None:
    confirm(alice, OTHER)
    assert told() == OF_EMAIL
    alice.refresh_from_db()
    assert alice.email == OTHER


def test_a_person_is_told_of_an_address_that_is_taken_away(as_alice: Door) -> None:
    body = {"email": "", "current_password": OLD}
    assert as_alice.post("me/email", body).status == 204
    assert told() == OF_EMAIL


def test_a_change_to_the_same_address_sends_no_mail(
    as_alice: Door, alice: User
) -> None:
    assert change_password(as_alice, "short") == 400
    body = {"email": "", "current_password": "wrong"}
    assert as_alice.post("me/email", body).status == 400
    confirm(alice, ADDRESS)
    assert told() == []


def test_without_an_address_there_is_nobody_to_tell(
    as_alice: Door, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(email="")
    confirm(alice, OTHER)
    User.objects.filter(pk=alice.pk).update(email="")
    assert change_password(as_alice) == 200
    assert told() == []


def test_a_server_without_mail_sends_none(as_alice: Door, settings: Settings) -> None:
    settings.SENDS_MAIL = False
    assert change_password(as_alice) == 200
    assert told() == []


def test_no_limit_keeps_a_change_from_being_told(
    as_alice: Door,
    anonymous: Door,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thief would ask for mails first."""
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "mails", RateLimit(0.001, 1, name="mails"))
    asked = [
        anonymous.post("auth/password-reset", {"email": ADDRESS}).status
        for _ in range(2)
    ]
    assert asked[-1] == 429
    mail.outbox.clear()
    assert change_password(as_alice) == 200
    assert told() == OF_PASSWORD
