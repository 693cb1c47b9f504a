"""Wire shapes: their fields, and that building one asks the database nothing."""

import json
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat.events import encode
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Reaction, Room
from chat.payloads.messages import message_payload, reaction_payloads
from chat.payloads.people import user_payload
from chat.payloads.rooms import RoomPayload, member_payload, room_payload
from chat.queries.messages import history
from tests.people import acting

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture
def user() -> User:
    return User(username="erin", display_name="Erin", is_bot=True, password="secret")


@pytest.fixture
def message(user: User) -> Message:
    room = Room(name="general")
    return Message(
        room=room, seq=7, rev=9, sender=user, body="hi", client_id="c", created_at=AT
    )


def test_a_persons_payload_shows_nothing_private(user: User) -> None:
    assert json.loads(encode(user_payload(user))) == {
        "id": str(user.pk),
        "username": "erin",
        "display_name": "Erin",
        "is_bot": True,
        "avatar": None,
    }


def test_a_messages_payload_has_every_field(user: User, message: Message) -> None:
    assert json.loads(encode(message_payload(message))) == {
        "room": str(message.room_id),
        "seq": 7,
        "rev": 9,
        "kind": "user",
        "level": "normal",
        "sender": json.loads(encode(user_payload(user))),
        "body": "hi",
        "is_action": False,
        "client_id": "c",
        "reply_to": None,
        "mentions": [],
        "reactions": [],
        "attachments": [],
        "created_at": "2026-01-02T03:04:05.678901Z",
        "edited_at": None,
        "deleted_at": None,
        "pinned_at": None,
    }


def test_a_system_message_says_what_happened(message: Message) -> None:
    message.event = {"type": "member.joined", "user": "1"}
    shown = json.loads(encode(message_payload(message)))
    assert shown["event"] == {"type": "member.joined", "user": "1"}


def test_a_message_of_a_deleted_person_has_no_sender(message: Message) -> None:
    message.sender = None
    assert message_payload(message).sender is None


def test_building_a_messages_payload_makes_no_query(
    db: None, message: Message, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        message_payload(message)


def test_a_rooms_payload_has_every_field(user: User) -> None:
    room = Room(name="general", topic="t", head_seq=5, epoch="e5f0e5f0", created_at=AT)
    mine = Membership(room=room, user=user, role=Membership.Role.OWNER)
    expected = {
        "id": str(room.pk),
        "kind": "public",
        "name": "general",
        "topic": "t",
        "staff_only": False,
        "guests_may_read": False,
        "announcements_only": False,
        "notices": True,
        "slow_mode_seconds": 0,
        "retention_days": None,
        "color": "",
        "avatar": None,
        "archived_at": None,
        "head_seq": 5,
        "epoch": "e5f0e5f0",
        "created_at": "2026-01-02T03:04:05.678901Z",
        "people": [],
        "role": "owner",
        "notify": "all",
        "muted_until": None,
        "read": None,
    }
    assert json.loads(encode(room_payload(room, mine))) == expected
    assert json.loads(encode(room_payload(room, None))) == {
        **expected,
        "role": None,
        "notify": None,
    }


def test_a_members_payload_has_every_field(user: User) -> None:
    membership = Membership(room=Room(), user=user, joined_at=AT)
    assert json.loads(encode(member_payload(membership))) == {
        "user": json.loads(encode(user_payload(user))),
        "role": "member",
        "muted_until": None,
        "joined_at": "2026-01-02T03:04:05.678901Z",
    }


def test_reactions_are_counted_by_emoji(user: User) -> None:
    other = User(username="frank")
    given = [(user, "👍"), (other, "🌊"), (other, "👍")]
    found = reaction_payloads(Reaction(user=u, emoji=emoji) for u, emoji in given)
    shown = [(reaction.emoji, reaction.count, reaction.users) for reaction in found]
    assert shown == [
        ("👍", 2, [str(user.pk), str(other.pk)]),
        ("🌊", 1, [str(other.pk)]),
    ]


def test_stored_reactions_are_shown(bob: User, room: RoomPayload) -> None:
    stored = Message.objects.get(room_id=room.id, seq=2)
    Reaction.objects.create(message=stored, user=bob, emoji="👍")
    [reaction] = history(acting(bob), room.id).messages[1].reactions
    assert (reaction.emoji, reaction.count, reaction.users) == ("👍", 1, [str(bob.pk)])


def test_a_sender_is_answered_with_what_history_shows_later(
    bob: User, room: RoomPayload
) -> None:
    draft = Draft(room.id, acting(bob), "Grüße 🌊\n", client_id="1", reply_to=2)
    answered = append_one(draft).message
    assert history(acting(bob), room.id).messages[-1] == answered
    assert encode(history(acting(bob), room.id).messages[-1]) == encode(answered)


def test_a_message_evicts_whom_its_event_evicts(message: Message) -> None:
    message.event = {"type": "member.left", "user": "1"}
    assert message_payload(message).evicts() == "1"


def test_a_message_that_a_person_wrote_evicts_nobody(message: Message) -> None:
    assert message_payload(message).evicts() is None
