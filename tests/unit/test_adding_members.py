"""Adding people to a room: who may be added, and who is told."""

import pytest
from django.utils import timezone

from accounts.models import User
from chat import queries
from chat.actions import bans, members
from chat.errors import UserNotFound
from chat.models import Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from core.errors import Forbidden
from tests.people import acting, person

from .envelopes import logged, to_person
from .moderating import of

committing = pytest.mark.django_db(transaction=True)


@committing
@pytest.mark.parametrize("reference", ["id", "charlie", "CHARLIE"])
def test_adding_a_person_tells_the_room_and_the_person(
    mona: User,
    charlie: User,
    room: RoomPayload,
    published: list[Envelope],
    reference: str,
) -> None:
    published.clear()
    called = str(charlie.pk) if reference == "id" else reference
    member, added = members.add_member(acting(mona), room.id, called)
    assert (added, member.role, member.user.username) == (True, "member", "charlie")
    assert logged(room, after=2) == [of(charlie, "member.added")]
    [told] = to_person(published, charlie)
    assert (told["type"], told["room"]["role"]) == ("room.added", "member")
    assert told["room"]["head_seq"] == 3
    assert queries.members.members(acting(charlie), room.id)


@committing
def test_adding_a_member_changes_nothing(
    mona: User, alice: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    member, added = members.add_member(acting(mona), room.id, "alice")
    assert (added, member.role, published) == (False, "owner", [])


def test_an_owner_adds_people_to_a_private_room(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    members.add_member(acting(alice), private_room.id, "charlie")
    assert queries.rooms.room(acting(charlie), private_room.id).role == "member"


def test_an_inactive_person_is_not_added(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    for reference in ("charlie", str(charlie.pk)):
        with pytest.raises(UserNotFound):
            members.add_member(acting(alice), room.id, reference)


def test_a_banned_person_is_not_added(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    bans.ban(acting(alice), room.id, str(charlie.pk))
    with pytest.raises(Forbidden):
        members.add_member(acting(alice), room.id, "charlie")


def test_nobody_is_added_to_an_archived_room(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    Room.objects.update(archived_at=timezone.now())
    with pytest.raises(Forbidden):
        members.add_member(acting(alice), room.id, "charlie")


def test_only_staff_are_added_to_a_staff_room(
    dora: User, charlie: User, staff_room: RoomPayload
) -> None:
    with pytest.raises(Forbidden):
        members.add_member(acting(dora), staff_room.id, "charlie")
    person("sam", is_staff=True)
    assert members.add_member(acting(dora), staff_room.id, "sam")[1]
