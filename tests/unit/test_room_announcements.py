"""The people who hear of a room that is made, changed or deleted."""

import json
from typing import Any

import pytest

from accounts.models import User
from chat.actions.rooms import create_room, delete_room, update_room
from chat.events import encode
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Ban, Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, RoomGone
from tests.people import acting

from .envelopes import to_everybody, to_person

committing = pytest.mark.django_db(transaction=True)


def shown(room: RoomPayload) -> dict[str, Any]:
    """As everybody is told of it: nothing that is one reader's own."""
    own = {"role": None, "notify": None, "muted_until": None, "read": None}
    return {**json.loads(encode(room)), **own}


@committing
def test_making_a_public_room_tells_everybody_and_then_its_maker(
    alice: User, published: list[Envelope]
) -> None:
    room = create_room(acting(alice), name="lobby")
    assert to_everybody(published) == [{"type": "room.created", "room": shown(room)}]
    assert [event["type"] for event in to_person(published, alice)] == ["room.added"]
    assert len(published) == 3


@committing
def test_making_a_private_room_tells_its_maker_alone(
    alice: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    assert to_everybody(published) == []
    assert len(to_person(published, alice)) == 1


@committing
def test_a_new_staff_room_is_told_to_staff_alone(
    dora: User, staff_room: RoomPayload, published: list[Envelope]
) -> None:
    update_room(acting(dora), staff_room.id, {"topic": "t"})
    delete_room(acting(dora), staff_room.id)
    assert to_everybody(published) == []
    told = to_everybody(published, "staff")
    assert [event["type"] for event in told] == [
        "room.created",
        "room.updated",
        "room.deleted",
    ]


@committing
def test_a_change_of_a_public_room_is_told_to_everybody(
    alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    changed = update_room(acting(alice), room.id, {"topic": "t"})
    assert to_everybody(published) == [{"type": "room.updated", "room": shown(changed)}]
    assert len(published) == 2


@committing
def test_a_change_of_a_private_room_is_told_to_its_members(
    alice: User, bob: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    Membership.objects.create(room_id=private_room.id, user=bob)
    published.clear()
    changed = update_room(acting(alice), private_room.id, {"topic": "t"})
    event = {"type": "room.updated", "room": shown(changed)}
    assert to_person(published, alice) == to_person(published, bob) == [event]
    assert len(published) == 3


@committing
def test_a_member_who_is_staff_no_longer_is_told_nothing(
    dora: User, bob: User, published: list[Envelope]
) -> None:
    room = create_room(acting(dora), name="bunker", kind="private", staff_only=True)
    Membership.objects.create(room_id=room.id, user=bob)
    update_room(acting(dora), room.id, {"topic": "t"})
    assert to_person(published, bob) == []
    assert len(to_person(published, dora)) == 2


@committing
def test_deleting_a_public_room_leaves_nothing_and_tells_everybody(
    alice: User, bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    append_one(Draft(room.id, acting(bob), "hello", "1"))
    Ban.objects.create(room_id=room.id, user_id=alice.pk)
    published.clear()
    delete_room(acting(alice), room.id)
    for table in (Room, Membership, Message, Ban):
        assert not table.objects.exists()
    assert to_everybody(published) == [{"type": "room.deleted", "room": room.id}]


@committing
def test_deleting_a_private_room_tells_its_members(
    alice: User, bob: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    Membership.objects.create(room_id=private_room.id, user=bob)
    published.clear()
    delete_room(acting(alice), private_room.id)
    event = {"type": "room.deleted", "room": private_room.id}
    assert to_person(published, alice) == to_person(published, bob) == [event]
    assert published[2:] == [RoomGone(private_room.id)]
