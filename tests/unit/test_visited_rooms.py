"""Rooms that are made by the first visit and joined by later ones."""

import pytest
from pytest_django import Settings

from accounts.models import User
from chat.access.rooms import access_named
from chat.actions.rooms import create_room, delete_room, get_or_create_room
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from core.errors import (
    Conflict,
    Forbidden,
)
from tests.people import acting, person

from .inviting import refused


def test_the_first_visit_makes_a_room_and_later_ones_join_it(
    alice: User, bob: User
) -> None:
    made, created = get_or_create_room(acting(alice), name="lobby", topic="t")
    assert (created, made.role, made.topic) == (True, "owner", "t")
    joined, created = get_or_create_room(acting(bob), name="LOBBY", topic="other")
    assert (created, joined.id, joined.role) == (False, made.id, "member")
    assert joined.topic == "t"
    again, created = get_or_create_room(acting(bob), name="lobby")
    assert (created, again.head_seq) == (False, 2)


def test_a_banned_person_neither_joins_nor_makes_the_room(
    charlie: User, room: RoomPayload
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    with pytest.raises(Conflict):
        get_or_create_room(acting(charlie), name="general")
    assert not Membership.objects.filter(user=charlie).exists()


def test_the_name_of_a_staff_room_is_free_for_everybody_else(
    charlie: User, alice: User, staff_room: RoomPayload
) -> None:
    """Or `conflict` would tell that there is such a room."""
    made, created = get_or_create_room(acting(charlie), name="Bridge")
    assert (created, made.staff_only) == (True, False)
    with pytest.raises(Conflict):
        create_room(acting(alice), name="bridge")


def test_two_staff_rooms_have_different_names(
    dora: User, staff_room: RoomPayload
) -> None:
    with pytest.raises(Conflict):
        create_room(acting(dora), name="BRIDGE", staff_only=True)
    shadow = create_room(acting(dora), name="bridge")
    assert str(access_named(acting(dora), "bridge").room.pk) == shadow.id
    delete_room(acting(dora), shadow.id)
    assert str(access_named(acting(dora), "bridge").room.pk) == staff_room.id


def test_a_visit_makes_no_room_where_that_is_switched_off(
    alice: User, bob: User, charlie: User, room: RoomPayload, settings: Settings
) -> None:
    create_room(acting(person("erin", is_staff=True)), name="bridge", staff_only=True)
    settings.ALLOW_GET_OR_CREATE = False
    joined, made = get_or_create_room(acting(charlie), name="General")
    assert (joined.id, joined.role, made) == (room.id, "member", False)
    missing = refused(lambda: get_or_create_room(acting(charlie), name="new"))
    assert missing[0] is Forbidden
    assert (
        refused(lambda: get_or_create_room(acting(charlie), name="bridge")) == missing
    )
    assert Room.objects.count() == 2
    assert create_room(acting(charlie), name="new").role == "owner"
