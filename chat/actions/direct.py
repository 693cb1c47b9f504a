"""Rooms that are made of people instead of a name: direct rooms and groups."""

from collections.abc import Sequence

from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.revocation import current
from core import limits
from core.errors import Invalid

from ..access.people import find_people, find_person
from ..access.roles import check_create
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
    """The one room of two people, and whether it was made now.

    `reference` is the other's id or username. Nobody owns the room, so nobody can add
    people, change it or leave it.
    Raises Unauthorized, Forbidden for a guest, UserNotFound when the other is missing
    or has blocked the actor, Invalid for oneself, and RateLimited for too many rooms.
    """
    actor = current(actor)
    check_account(actor)
    person = find_person(reference)
    if person == actor.user:
        raise Invalid(fields={"user": ["This is you."]})
    check_reach(actor, [person])
    pair = pair_of(actor.user, person)
    # This runs for each direct message, but only the first one makes a room.
    if not Room.objects.filter(pair=pair).exists():
        limits.rooms.take(actor.id)
    # Of two requests at once, the second waits at the unique index and gets the room
    # that the first one made.
    room, made = Room.objects.get_or_create(
        pair=pair, defaults={"kind": Room.Kind.DIRECT}
    )
    if made:
        return _settle(room, actor.user, [person], Membership.Role.MEMBER), True
    return shown_room(room, room.memberships.get(user=actor.user)), False


def pair_of(user: User, person: User) -> str:
    """The unique key of their direct room, the same for both orders."""
    return ":".join(sorted([str(user.pk), str(person.pk)]))


def open_direct_from(actor: Actor, room_id: str, reference: str) -> RoomPayload:
    """`open_direct` for a `/pm` written in a room, which the actor has to be able to
    read."""
    check_read(access_room(actor, room_id))
    room, _ = open_direct(actor, reference)
    return room


@transaction.atomic
def create_group(actor: Actor, references: Sequence[str]) -> RoomPayload:
    """A new room for these people, by id or username, and the actor, who owns it."""
    limits.rooms.take(actor.id)
    actor = current(actor)
    check_create(actor, staff_only=False)
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
