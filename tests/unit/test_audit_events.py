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

from accounts.models import User
from chat.actions import bans, members
from chat.actions.memberships import join_room
from chat.payloads.rooms import RoomPayload
from core import audit
from core.audit import Event, record, record_committed
from core.errors import RateLimited
from core.limits.bucket import RateLimit
from core.threads import in_database
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


def test_the_operations_page_explains_every_event() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    section = page[page.index("\n## What the logs say") :]
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(Event)


def test_the_line_of_an_event_holds_its_ids(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "core.audit")
    record(Event.SOCKET_CLOSED, connection="c", reason="client")
    assert caplog.messages == ["socket.closed connection=c reason=client"]


def test_an_event_of_a_transaction_that_rolls_back_is_not_logged(
    events: Events,
) -> None:
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
def test_each_act_of_a_moderator_is_an_event(
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


def test_each_act_that_a_moderator_takes_back_is_an_event(
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


def test_a_person_who_meets_a_limit_is_logged_once_in_a_while(
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


def test_the_same_refusal_is_logged_again_after_a_while(
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
def test_an_event_holds_the_address_of_the_client(
    said: str, known: dict[str, str], events: Events
) -> None:
    def ask() -> None:
        audit.set_client_address(said)
        record(Event.REGISTERED, user="a")

    copy_context().run(ask)
    assert events() == [{"event": "account.registered", "user": "a", **known}]


async def test_a_thread_knows_the_address_of_the_client(events: Events) -> None:
    audit.set_client_address("192.0.2.7")
    await in_database(record, Event.REGISTERED, user="a")
    assert [event["address"] for event in events()] == ["192.0.2.7"]
