"""Unread messages: counted on the server, the same on every device."""

import json

import pytest

from accounts.models import User
from chat import queries
from chat.actions.memberships import join_room
from chat.actions.messages import delete_message, send_message
from chat.actions.reads import mark_read, mark_unread
from chat.errors import RoomNotFound
from chat.payloads.rooms import ReadPayload, RoomPayload
from core.bus.envelopes import Envelope, ToPerson
from core.errors import Forbidden
from tests.people import acting


@pytest.fixture
def talk(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    """3 to 5 by alice, 5 mentions bob; 6 by bob himself."""
    for number, body in enumerate(["one", "two", "@bob three"]):
        send_message(acting(alice), room.id, client_id=str(number), body=body)
    send_message(acting(bob), room.id, client_id="b", body="mine")
    return room


def of(user: User) -> ReadPayload | None:
    [room] = queries.rooms.rooms_of(acting(user))
    return room.read


def test_messages_of_others_are_unread(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    assert of(bob) == ReadPayload(1, unread=3, mentions=1)
    assert of(alice) == ReadPayload(0, unread=1, mentions=0)


def test_reading_counts_the_unread_messages_down(bob: User, talk: RoomPayload) -> None:
    assert mark_read(acting(bob), talk.id, 4) == ReadPayload(4, unread=1, mentions=1)
    assert mark_read(acting(bob), talk.id, 6) == ReadPayload(6, unread=0, mentions=0)
    assert of(bob) == ReadPayload(6, unread=0, mentions=0)


def test_reading_never_goes_back_and_never_ahead(bob: User, talk: RoomPayload) -> None:
    mark_read(acting(bob), talk.id, 5)
    assert mark_read(acting(bob), talk.id, 3).read_seq == 5
    assert mark_read(acting(bob), talk.id, 999).read_seq == 6


def test_a_person_marks_a_message_and_the_later_ones_as_unread(
    bob: User, talk: RoomPayload
) -> None:
    mark_read(acting(bob), talk.id, 6)
    assert mark_unread(acting(bob), talk.id, 4) == ReadPayload(3, unread=2, mentions=1)
    assert mark_unread(acting(bob), talk.id, 0).read_seq == 0


def test_a_deleted_message_is_not_unread(
    alice: User, bob: User, talk: RoomPayload
) -> None:
    delete_message(acting(alice), talk.id, 5)
    assert of(bob) == ReadPayload(1, unread=2, mentions=0)


def test_a_mention_of_everybody_counts_for_each(
    alice: User, bob: User, room: RoomPayload
) -> None:
    send_message(acting(alice), room.id, client_id="1", body="@room come")
    assert of(bob) == ReadPayload(1, unread=1, mentions=1)


def test_messages_from_before_joining_are_not_unread(
    charlie: User, talk: RoomPayload
) -> None:
    join_room(acting(charlie), talk.id)
    assert of(charlie) == ReadPayload(6, unread=0, mentions=0)


@pytest.mark.django_db(transaction=True)
def test_a_persons_other_devices_are_told_how_far_they_read(
    bob: User, talk: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    mark_read(acting(bob), talk.id, 4)
    [envelope] = published
    assert isinstance(envelope, ToPerson)
    assert envelope.user == str(bob.pk)
    assert json.loads(envelope.text) == {
        "type": "read.updated",
        "room": talk.id,
        "read_seq": 4,
        "unread": 1,
        "mentions": 1,
    }


def test_only_members_mark_messages_as_read(
    charlie: User, talk: RoomPayload, private_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        mark_read(acting(charlie), talk.id, 1)
    with pytest.raises(RoomNotFound):
        mark_read(acting(charlie), private_room.id, 1)
