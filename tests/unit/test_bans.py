"""Bans: who is kept out, who is told, and how a ban ends."""

import pytest

from accounts.models import User
from chat import queries
from chat.actions import bans
from chat.actions.memberships import join_room, leave_room
from chat.errors import RoomNotFound
from chat.models import Ban
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, GuestOut
from core.errors import Forbidden
from tests.people import acting

from .envelopes import logged, to_person
from .moderating import of

committing = pytest.mark.django_db(transaction=True)


def test_a_banned_member_does_not_come_back(
    mona: User, bob: User, room: RoomPayload
) -> None:
    bans.ban(acting(mona), room.id, str(bob.pk))
    assert logged(room, after=2) == [of(bob, "member.banned")]
    for attempt in (join_room, leave_room, queries.rooms.room):
        with pytest.raises(RoomNotFound):
            attempt(acting(bob), room.id)
    assert queries.directory.directory(acting(bob)).rooms == []


@committing
def test_banning_an_outsider_is_told_to_them_alone(
    mona: User, charlie: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    for _ in range(2):
        bans.ban(acting(mona), room.id, str(charlie.pk))
    gone = {"type": "room.deleted", "room": room.id}
    assert to_person(published, charlie) == [gone]
    assert published[1:] == [GuestOut(room.id, str(charlie.pk))]
    assert Ban.objects.count() == 1
    with pytest.raises(RoomNotFound):
        join_room(acting(charlie), room.id)


def test_a_person_joins_again_after_their_ban_is_lifted(
    mona: User, charlie: User, room: RoomPayload
) -> None:
    bans.ban(acting(mona), room.id, str(charlie.pk))
    for _ in range(2):
        bans.unban(acting(mona), room.id, str(charlie.pk))
    assert join_room(acting(charlie), room.id).role == "member"


def test_only_owners_and_moderators_see_the_bans(
    mona: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    bans.ban(acting(mona), room.id, str(charlie.pk))
    [found] = queries.bans.bans(acting(mona), room.id)
    assert found.user.username == "charlie"
    with pytest.raises(Forbidden):
        queries.bans.bans(acting(bob), room.id)
    with pytest.raises(RoomNotFound):
        queries.bans.bans(acting(charlie), room.id)
