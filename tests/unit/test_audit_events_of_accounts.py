"""The events of accounts: log-ins, sessions, rights, addresses."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import mailed_tokens, passwords, sessions, tokens
from accounts.mails import confirm_email
from accounts.models import Session, User
from chat.actions.departures import close_account
from core import audit, limits
from core.audit import Event
from core.errors import Invalid, RateLimited, Unauthorized
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)

Events = Callable[[], list[dict[str, str]]]


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Events:
    """The events since the last call."""
    fresh = {event: audit._Refusals(event) for event in Event}
    monkeypatch.setattr(audit, "_refusals", fresh)
    caplog.set_level(logging.INFO, "core.audit")

    def taken() -> list[dict[str, str]]:
        found = [r for r in caplog.records if r.name == "core.audit"]
        before = vars(logging.makeLogRecord({})).keys()
        extras = [
            {
                k: v
                for k, v in vars(r).items()
                if k not in before | {"message", "asctime"}
            }
            for r in found
        ]
        caplog.clear()
        return extras

    return taken


def test_a_session_that_begins_is_refreshed_and_ends_is_three_events(
    alice: User, events: Events
) -> None:
    pair = tokens.start_session(alice)
    [session] = Session.objects.all()
    ids = {"user": str(alice.pk), "session": str(session.pk)}
    assert events() == [{"event": "session.started", **ids}]
    sessions.refresh(pair.refresh)
    assert events() == [{"event": "token.refreshed", **ids}]
    sessions.end_session(alice, session.pk)
    assert events() == [{"event": "session.ended", **ids}]


def test_a_refresh_token_that_comes_again_is_an_event_and_ends_the_session(
    alice: User, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = tokens.start_session(alice)
    sessions.refresh(pair.refresh)
    monkeypatch.setattr(tokens, "REUSE_GRACE", -tokens.REUSE_GRACE)
    events()
    with pytest.raises(tokens.TokenReused):
        sessions.refresh(pair.refresh)
    ids = {"user": str(alice.pk), "session": str(Session.objects.get().pk)}
    assert events() == [
        {"event": "token.reused", **ids},
        {"event": "session.ended", **ids},
    ]


def test_changed_rights_and_a_closed_account_are_events(
    alice: User, events: Events
) -> None:
    user = {"user": str(alice.pk)}
    changes = {"is_staff": True}, {"is_superuser": True}, {"is_superuser": False}
    for flags in changes:
        sessions.change_rights(alice, **flags)
        [(flag, value)] = flags.items()
        assert events() == [
            {"event": "rights.changed", **user, flag: str(value)},
            {"event": "sessions.ended", **user},
        ]
    alice.set_password("trombone-42")
    alice.save()
    close_account(acting(alice), current_password="trombone-42", messages="keep")
    assert {"event": "account.closed", **user} in events()


def test_a_new_superuser_is_an_event(events: Events, db: None) -> None:
    """As `manage.py createsuperuser` makes one."""
    root = User.objects.create_superuser("root", "trombone-42", display_name="Root")
    rights = {"is_staff": "True", "is_superuser": "True"}
    assert events() == [{"event": "rights.changed", "user": str(root.pk), **rights}]


def test_people_and_passwords_that_the_admin_site_makes_are_events(
    events: Events,
) -> None:
    root = User.objects.create_superuser("root", "trombone-42", display_name="Root")
    client = Client()
    client.force_login(root)
    passwords = {"password1": "tuba-43-tuba", "password2": "tuba-43-tuba"}
    form = {"username": "frank", "display_name": "Frank", **passwords}
    people = "/admin/accounts/user"
    events()
    client.post(f"{people}/add/", {**form, "usable_password": "true"})
    user = {"user": str(User.objects.get(username="frank").pk)}
    assert events() == [{"event": "account.registered", **user}]
    client.post(f"{people}/{user['user']}/password/", {**passwords, "set-password": 1})
    assert events() == [
        {"event": "password.changed", **user},
        {"event": "sessions.ended", **user},
    ]


def test_names_and_mail_addresses_are_in_no_event(
    events: Events, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits.failed_logins, "burst", 0)
    with pytest.raises(RateLimited):
        sessions.log_in(username="trombone", password="trombone-42")
    assert events() == [{"event": "rate.limited", "limit": "failed_logins"}]


def test_a_wrong_password_is_an_event(alice: User, events: Events) -> None:
    for name in (alice.username, "nobody"):
        with pytest.raises(Unauthorized):
            sessions.log_in(username=name, password="wrong")
    assert events() == [{"event": "login.failed"}] * 2
    with pytest.raises(Invalid):
        passwords.check_own_password(acting(alice), "wrong")
    assert events() == [{"event": "login.failed", "user": str(alice.pk)}]


def test_log_ins_at_the_admin_site_are_events(alice: User, events: Events) -> None:
    alice.is_staff = True
    alice.set_password("trombone-42")
    alice.save()
    for password in ("wrong", "trombone-42"):
        form = {"username": alice.username, "password": password}
        Client().post("/admin/login/", form)
    assert events() == [
        {"event": "login.failed"},
        {"event": "login.ok", "user": str(alice.pk)},
    ]


def test_a_person_who_is_not_staff_is_an_event_at_the_admin_site(
    alice: User, events: Events
) -> None:
    """With the right password: somebody tries what they found."""
    alice.set_password("trombone-42")
    alice.save()
    form = {"username": alice.username, "password": "trombone-42"}
    Client().post("/admin/login/", form)
    assert events() == [{"event": "login.failed", "user": str(alice.pk)}]


def test_a_confirmed_address_and_a_link_that_comes_again_are_events(
    alice: User, events: Events
) -> None:
    proof = mailed_tokens.email_token(alice, "new@example.org")
    token = f"{b'new@example.org'.hex()}.{proof}"
    confirm_email(token)
    assert events() == [{"event": "email.changed", "user": str(alice.pk)}]
    with pytest.raises(Invalid):
        confirm_email(token)
    assert events() == [{"event": "link.refused"}]
