"""Each event of moderation and of sessions is logged with its ids, once committed."""

import logging
import re
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts import mailed_tokens, passwords, sessions, tokens
from accounts.mails import confirm_email
from accounts.models import Session, User
from chat.actions import bans, members
from chat.actions.departures import close_account
from chat.actions.memberships import join_room
from chat.payloads.rooms import RoomPayload
from core import audit, limits
from core.audit import Event, record, record_committed
from core.errors import Invalid, RateLimited, Unauthorized
from core.limits.bucket import RateLimit
from core.threads import in_database
from tests.people import acting

pytestmark = pytest.mark.django_db(transaction=True)
Events = Callable[[], list[dict[str, str]]]


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Events:
    """What was logged since it was last asked."""
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


def test_operations_page_has_every_event() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    section = page[page.index("\n## What the logs say") :]
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(Event)


def test_the_line_has_the_ids_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "core.audit")
    record(Event.SOCKET_CLOSED, connection="c", reason="client")
    assert caplog.messages == ["socket.closed connection=c reason=client"]


def test_what_is_rolled_back_did_not_happen(events: Events) -> None:
    with transaction.atomic():
        record_committed(Event.REGISTERED, user=1)
        transaction.set_rollback(True)
    assert events() == []


ACTS: dict[str, tuple[Callable[..., object], dict[str, Any]]] = {
    "member.removed": (members.remove_member, {}),
    "member.banned": (bans.ban, {}),
    "member.muted": (
        partial(members.mute_member, seconds=60),
        {"until": None},
    ),
    "member.role_changed": (
        partial(members.change_role, role="moderator"),
        {"role": "moderator"},
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_acts_of_a_moderator(
    name: str, alice: User, bob: User, room: RoomPayload, events: Events
) -> None:
    join_room(acting(bob), str(room.id))
    events()
    act, more = ACTS[name]
    act(acting(alice), str(room.id), str(bob.pk))
    [event] = events()
    if "until" in more:
        more = {"until": event["until"]}
    ids = {"user": str(bob.pk), "by": str(alice.pk), "room": str(room.id)}
    assert event == {"event": name, **ids, **more}


def test_acts_that_are_taken_back(
    alice: User, charlie: User, room: RoomPayload, events: Events
) -> None:
    who = (acting(alice), str(room.id), str(charlie.pk))
    members.add_member(*who)
    members.mute_member(*who, 60)
    members.unmute_member(*who)
    bans.ban(*who)
    bans.unban(*who)
    found = [event for event in events() if event["user"] == str(charlie.pk)]
    assert [event["event"] for event in found] == [
        "member.added",
        "member.muted",
        "member.unmuted",
        "member.banned",
        "member.unbanned",
    ]
    assert {(e["by"], e["room"]) for e in found} == {(str(alice.pk), str(room.id))}


def test_a_session_and_its_end(alice: User, events: Events) -> None:
    pair = tokens.start_session(alice)
    [session] = Session.objects.all()
    ids = {"user": str(alice.pk), "session": str(session.pk)}
    assert events() == [{"event": "session.started", **ids}]
    sessions.refresh(pair.refresh)
    assert events() == [{"event": "token.refreshed", **ids}]
    sessions.end_session(alice, session.pk)
    assert events() == [{"event": "session.ended", **ids}]


def test_a_refresh_token_that_comes_again(
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


def test_a_ticket_that_comes_again(alice: User, events: Events) -> None:
    identity = tokens.verify_access(tokens.start_session(alice).access)
    ticket = tokens.issue_ticket(identity)
    tokens.redeem_ticket(ticket)
    events()
    with pytest.raises(Unauthorized):
        tokens.redeem_ticket(ticket)
    ids = {"user": str(alice.pk), "session": str(identity.actor.session_id)}
    assert events() == [{"event": "ticket.refused", **ids}]


def test_rights_and_an_account_that_is_closed(alice: User, events: Events) -> None:
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


def test_a_new_superuser(events: Events, db: None) -> None:
    """As `manage.py createsuperuser` makes one."""
    root = User.objects.create_superuser("root", "trombone-42", display_name="Root")
    rights = {"is_staff": "True", "is_superuser": "True"}
    assert events() == [{"event": "rights.changed", "user": str(root.pk), **rights}]


def test_the_admin_makes_people_and_sets_passwords(events: Events) -> None:
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


def test_a_limit_says_whose_it_was_once_in_a_while(
    events: Events, settings: Any
) -> None:
    settings.RATE_LIMITS = True
    limit = RateLimit(0.001, 1, name="things", by="user")
    for user in "ab":
        limit.take(user)
        for _ in range(3):
            with pytest.raises(RateLimited):
                limit.take(user)
    assert events() == [
        {"event": "rate.limited", "limit": "things", "user": "a"},
        {"event": "rate.limited", "limit": "things", "user": "b"},
    ]


def test_names_and_mail_addresses_are_in_no_event(
    events: Events, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits.failed_logins, "burst", 0)
    with pytest.raises(RateLimited):
        sessions.log_in(username="trombone", password="trombone-42")
    assert events() == [{"event": "rate.limited", "limit": "failed_logins"}]


def test_a_refusal_is_said_again_after_a_while(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        audit.record_refusal(Event.ORIGIN_REFUSED)
    assert len(events()) == 1
    monkeypatch.setattr(audit, "REPEAT_SECONDS", 0)
    audit.record_refusal(Event.ORIGIN_REFUSED)
    assert len(events()) == 1


@pytest.mark.usefixtures("events")
def test_a_flood_of_different_refusals_ends_in_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what else is refused is logged as ever."""
    monkeypatch.setattr(audit, "MAX_REFUSALS", 2)
    for user in range(9):
        audit.record_refusal(Event.RATE_LIMITED, user=user)
    audit.record_refusal(Event.ORIGIN_REFUSED)
    assert caplog.messages == [
        "rate.limited user=0",
        "more lines of rate.limited than are logged",
        "rate.limited user=1",
        "origin.refused",
    ]


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("192.0.2.7", {"address": "192.0.2.7"}),
        ("2001:DB8::7", {"address": "2001:db8::7"}),
        ("192.0.2.7 user=admin", {}),
        ("", {}),
    ],
)
def test_events_say_from_where_it_was_asked(
    said: str, known: dict[str, str], events: Events
) -> None:
    def ask() -> None:
        audit.set_client_address(said)
        record(Event.REGISTERED, user="a")

    copy_context().run(ask)
    assert events() == [{"event": "account.registered", "user": "a", **known}]


async def test_threads_know_from_where_it_was_asked(events: Events) -> None:
    audit.set_client_address("192.0.2.7")
    await in_database(record, Event.REGISTERED, user="a")
    assert [event["address"] for event in events()] == ["192.0.2.7"]


def test_a_wrong_password(alice: User, events: Events) -> None:
    for name in (alice.username, "nobody"):
        with pytest.raises(Unauthorized):
            sessions.log_in(username=name, password="wrong")
    assert events() == [{"event": "login.failed"}] * 2
    with pytest.raises(Invalid):
        passwords.check_own_password(acting(alice), "wrong")
    assert events() == [{"event": "login.failed", "user": str(alice.pk)}]


def test_the_admin(alice: User, events: Events) -> None:
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


def test_the_admin_refuses_who_is_not_staff(alice: User, events: Events) -> None:
    """With the right password: somebody tries what they found."""
    alice.set_password("trombone-42")
    alice.save()
    form = {"username": alice.username, "password": "trombone-42"}
    Client().post("/admin/login/", form)
    assert events() == [{"event": "login.failed", "user": str(alice.pk)}]


def test_an_address_and_a_link_that_comes_again(alice: User, events: Events) -> None:
    proof = mailed_tokens.email_token(alice, "new@example.org")
    token = f"{b'new@example.org'.hex()}.{proof}"
    confirm_email(token)
    assert events() == [{"event": "email.changed", "user": str(alice.pk)}]
    with pytest.raises(Invalid):
        confirm_email(token)
    assert events() == [{"event": "link.refused"}]
