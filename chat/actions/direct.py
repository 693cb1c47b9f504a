"""Rooms that begin with people instead of a name: direct ones and groups."""

from collections.abc import Sequence

from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.revocation import current
from core import limits
from core.errors import Invalid

from ..access.people import find_people, find_person
from ..access.rooms import access_room
from ..access.visibility import check_reach, check_read
from ..announcements import announce_added
from ..log.append import say
from ..models import Membership, Room
from ..payloads.rooms import RoomPayload
from ..payloads.system_events import SystemRoomCreated
from ..queries.rooms import shown_room


@transaction.atomic
def open_direct(actor: Actor, reference: str) -> tuple[RoomPayload, bool]:
    """The one room of two people, by id or username of the other; True when made now.

    Nobody owns it, so nobody is added to it or changes it, and nobody leaves it.
    """
    actor = current(actor)
    check_account(actor)
    person = find_person(reference)
    if person == actor.user:
        raise Invalid(fields={"user": ["This is you."]})
    check_reach(actor, [person])
    pair = pair_of(actor.user, person)
    # Each message to them comes here: only the first makes a room.
    if not Room.objects.filter(pair=pair).exists():
        limits.rooms.take(actor.id)
    # Whoever comes second waits at the unique index and finds the room of the first.
    room, made = Room.objects.get_or_create(
        pair=pair, defaults={"kind": Room.Kind.DIRECT}
    )
    if made:
        return _settle(room, actor.user, [person], Membership.Role.MEMBER), True
    return shown_room(room, room.memberships.get(user=actor.user)), False


def pair_of(user: User, person: User) -> str:
    return ":".join(sorted([str(user.pk), str(person.pk)]))


def open_direct_from(actor: Actor, room_id: str, reference: str) -> RoomPayload:
    """The same from within a room that this person may read: what `/pm` asks for."""
    check_read(access_room(actor, room_id))
    room, _ = open_direct(actor, reference)
    return room


@transaction.atomic
def create_group(actor: Actor, references: Sequence[str]) -> RoomPayload:
    """A new room for these people and its maker, who owns it."""
    limits.rooms.take(actor.id)
    actor = current(actor)
    check_account(actor)
    people = find_people(references)
    if actor.user in people:
        raise Invalid(fields={"users": ["One of them is you."]})
    check_reach(actor, people)
    room = Room.objects.create(kind=Room.Kind.GROUP)
    return _settle(room, actor.user, people, Membership.Role.OWNER)


def _settle(room: Room, user: User, people: Sequence[User], role: str) -> RoomPayload:
    mine = Membership(room=room, user=user, role=role)
    theirs = [Membership(room=room, user=person) for person in people]
    Membership.objects.bulk_create([mine, *theirs])
    say(room, SystemRoomCreated(), by=user)
    for membership in theirs:
        announce_added(membership)
    announce_added(mine)
    return shown_room(room, mine)
