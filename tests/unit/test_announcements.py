"""Announcements come after the commit, in order, and never for an undone change."""

import json
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from chat.actions.memberships import join_room, leave_room
from chat.actions.rooms import create_room
from chat.events import changes_frame, encode
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from chat.queries.members import members
from core.bus.envelopes import (
    Envelope,
    RoomChanged,
    ToPerson,
    ToRoom,
)
from tests.people import acting


@pytest.fixture(autouse=True)
def _starts_in_silence(room: RoomPayload, published: list[Envelope]) -> None:
    published.clear()


def drafts(user: User, room: RoomPayload, *bodies: str) -> list[Draft]:
    return [Draft(room.id, acting(user), body, client_id=body) for body in bodies]


def room_events(published: list[Envelope]) -> list[dict[str, Any]]:
    return [
        json.loads(changes_frame(envelope.room, change.seq - 1, change.seq, [change]))
        for envelope in published
        if isinstance(envelope, RoomChanged)
        for change in envelope.changes
    ]


def test_an_event_waits_for_the_commit(
    bob: User,
    room: RoomPayload,
    published: list[Envelope],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        append(drafts(bob, room, "hello"))
        assert published == []
    assert len(published) == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_is_committed_when_it_is_announced(
    bob: User, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[bool] = []

    def look(envelopes: list[Envelope]) -> None:
        assert not transaction.get_connection().in_atomic_block
        stored.append(Message.objects.filter(body="hello").exists())

    monkeypatch.setattr("core.bus.publisher.publish", look)
    append(drafts(bob, room, "hello"))
    assert stored == [True]


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_rolled_back_is_not_announced(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    with transaction.atomic():
        append(drafts(bob, room, "hello"))
        transaction.set_rollback(True)
    assert published == []
    assert not Message.objects.filter(body="hello").exists()


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_the_database_refused_is_not_announced(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    other = create_room(acting(bob), name="other")
    Message.objects.create(room_id=other.id, seq=2, rev=2, body="in the way")
    published.clear()
    append([*drafts(bob, room, "good"), *drafts(bob, other, "bad")])
    [event] = room_events(published)
    assert (event["room"], event["message"]["body"]) == (room.id, "good")


@pytest.mark.django_db(transaction=True)
def test_events_come_in_the_order_of_the_log(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    append(drafts(bob, room, "one", "two"))
    append(drafts(bob, room, "three"))
    events = room_events(published)
    assert [event["seq"] for event in events] == [3, 4, 5]
    assert [event["message"]["body"] for event in events] == ["one", "two", "three"]


@pytest.mark.django_db(transaction=True)
def test_each_room_of_a_batch_has_an_envelope_of_its_own(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    other = create_room(acting(bob), name="other")
    published.clear()
    append([*drafts(bob, room, "a", "b"), *drafts(bob, other, "c")])
    found = {e.room: e for e in published if isinstance(e, RoomChanged)}
    assert len(published) == 2
    assert [change.seq for change in found[room.id].changes] == [3, 4]
    assert [change.seq for change in found[other.id].changes] == [2]
    assert found[room.id].epoch == room.epoch


@pytest.mark.django_db(transaction=True)
def test_an_event_has_the_message_with_which_the_sender_was_answered(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    answered = append_one(*drafts(bob, room, "hello")).message
    [event] = room_events(published)
    assert event == {
        "type": "message.created",
        "room": room.id,
        "seq": 3,
        "message": json.loads(encode(answered)),
    }


@pytest.mark.django_db(transaction=True)
def test_several_changes_are_one_event(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    append(drafts(bob, room, "one", "two"))
    [envelope] = published
    assert isinstance(envelope, RoomChanged)
    event = json.loads(changes_frame(room.id, 2, 4, envelope.changes))
    assert (event["type"], event["room"]) == ("room.changes", room.id)
    assert (event["after"], event["seq"]) == (2, 4)
    assert [message["body"] for message in event["messages"]] == ["one", "two"]


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_is_not_announced_again(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    append(drafts(bob, room, "hello"))
    published.clear()
    append(drafts(bob, room, "hello"))
    assert published == []


@pytest.mark.django_db(transaction=True)
def test_joining_tells_the_room_and_then_the_person(
    bob: User, charlie: User, room: RoomPayload, published: list[Envelope]
) -> None:
    joined = join_room(acting(charlie), room.id)
    changed, told, added = published
    assert isinstance(changed, RoomChanged)
    assert [change.leaver for change in changed.changes] == [None]
    assert isinstance(told, ToRoom)
    assert json.loads(told.text) == {
        "type": "member.joined",
        "room": room.id,
        "member": json.loads(encode(members(acting(bob), room.id)[-1])),
        "member_count": 3,
        "online": False,
    }
    assert isinstance(added, ToPerson)
    assert added.user == str(charlie.pk)
    expected = {"type": "room.added", "room": json.loads(encode(joined))}
    assert json.loads(added.text) == expected


@pytest.mark.django_db(transaction=True)
def test_leaving_names_the_leaver_and_tells_the_person(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    leave_room(acting(bob), room.id)
    changed, told, removed = published
    assert isinstance(changed, RoomChanged)
    assert [(c.seq, c.leaver) for c in changed.changes] == [(3, str(bob.pk))]
    assert isinstance(told, ToRoom)
    assert json.loads(told.text) == {
        "type": "member.left",
        "room": room.id,
        "user": str(bob.pk),
        "member_count": 1,
    }
    assert isinstance(removed, ToPerson)
    assert removed.user == str(bob.pk)
    assert json.loads(removed.text) == {"type": "room.removed", "room": room.id}
