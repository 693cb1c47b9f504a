"""Volatile events about rooms and people, sent when the transaction commits.

There are three audiences: one person (`tell`), the readers of a room (what concerns its
members), and everybody who may see a room (the directory). Announce after the last
write of a transaction, since most payloads are read from the database right here.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from accounts.actor import system
from accounts.models import User
from core.bus.envelopes import (
    Audience,
    GuestOut,
    PersonChanged,
    RoomGone,
    ToEverybody,
    ToPerson,
    ToRoom,
)
from core.bus.publisher import publish_on_commit

from . import presence
from .access.seat import Seat
from .access.visibility import audiences, may_see, shut_out
from .events import (
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    RoomAdded,
    RoomCreated,
    RoomDeleted,
    RoomRemoved,
    RoomUpdated,
    UserUpdated,
    encode,
)
from .models import Membership, Room
from .payloads.people import user_payload
from .payloads.rooms import member_payload
from .queries.rooms import own_room, shown_room

# --- Members -------------------------------------------------------------------------


def announce_joined(room: Room, member: Membership) -> None:
    event = MemberJoined(
        str(room.pk),
        member_payload(member),
        room.memberships.count(),
        presence.is_seen_online(member.user),
    )
    tell_readers(room, event)
    announce_added(member)
    _tell_of_people(room)


def announce_left(room: Room, person: UUID) -> None:
    """Tell the readers and the person that they are a member no longer."""
    tell_readers(room, MemberLeft(str(room.pk), str(person), room.memberships.count()))
    tell(person, RoomRemoved(str(room.pk)))
    _tell_of_people(room)


def announce_member(room: Room, member: Membership) -> None:
    """Tell the readers and the person that the member's role or mute changed."""
    tell_readers(room, MemberUpdated(str(room.pk), member_payload(member)))
    announce_added(member)


def announce_added(member: Membership) -> None:
    """Tell the person's connections that they are a member, and as what.

    The room is read after the commit: until then its row is locked, and counting the
    unread messages must hold up nobody. A failure there is logged, since the change
    itself was made.
    """

    def read_and_tell() -> None:
        if room := own_room(member):
            tell(member.user_id, RoomAdded(room))

    transaction.on_commit(read_and_tell, robust=True)


def _tell_of_people(room: Room) -> None:
    """A group is named by its people, so its name is another one now."""
    if room.kind == Room.Kind.GROUP:
        announce_room(room, RoomUpdated(shown_room(room, None)))


# --- Who may see the room ------------------------------------------------------------


def announce_room(room: Room, event: object) -> None:
    """Tell everybody who may see the room: its audience, or else its members."""
    if room.kind == Room.Kind.PUBLIC:
        return _tell_audience(room, audiences(room), event)
    members = room.memberships.all()
    if room.staff_only:
        members = members.filter(user__is_staff=True)
    text = encode(event)
    ids = members.order_by("pk").values_list("user_id", flat=True)
    return publish_on_commit(*(ToPerson(str(pk), text) for pk in ids))


def announce_deleted(room: Room) -> None:
    """Tell of a room that is about to be deleted, and end all subscriptions to it."""
    announce_room(room, RoomDeleted(str(room.pk)))
    publish_on_commit(RoomGone(str(room.pk)))


def announce_audience(room: Room, before: Iterable[Audience]) -> None:
    """Tell those who may see the room now and could not before, and the reverse."""
    now = audiences(room)
    if new := [one for one in now if one not in before]:
        _tell_audience(room, new, RoomCreated(shown_room(room, None)))
    if old := [one for one in before if one not in now]:
        # The system message of this change has ended the guests' subscriptions.
        _tell_audience(room, old, RoomDeleted(str(room.pk)))


def announce_banned(room: Room, person: User) -> None:
    """Tell a person who could see the public room that it is gone for them."""
    if _is_in_audience(room, person):
        tell(person.pk, RoomDeleted(str(room.pk)))
        publish_on_commit(GuestOut(str(room.pk), str(person.pk)))


def announce_unbanned(room: Room, person: User) -> None:
    """Tell a person that a public room is there for them again."""
    if _is_in_audience(room, person):
        tell(person.pk, RoomCreated(shown_room(room, None)))


def _is_in_audience(room: Room, person: User) -> bool:
    """Whether a ban is all that keeps them from seeing the room."""
    return may_see(Seat(system(person), room, None, is_banned=False))


# --- People --------------------------------------------------------------------------


def announce_person(person: User) -> None:
    """Tell the person's devices, and all who share a room, of the new profile."""
    rooms = Membership.objects.filter(user=person).values_list("room", flat=True)
    text = encode(UserUpdated(user_payload(person), person.status))
    ids = [str(room) for room in rooms]
    publish_on_commit(PersonChanged(ids, text, str(person.pk)))


# --- Sending -------------------------------------------------------------------------


def tell(person: UUID, event: object) -> None:
    """Send an event to all connections of one person when the transaction commits."""
    publish_on_commit(ToPerson(str(person), encode(event)))


def tell_readers(room: Room, event: object) -> None:
    """Send an event to the room's subscribers with an account, on commit."""
    publish_on_commit(ToRoom(str(room.pk), encode(event)))


def _tell_audience(room: Room, of: list[Audience], event: object) -> None:
    but_not = [str(person) for person in shut_out(room)]
    publish_on_commit(ToEverybody(of, but_not, encode(event)))
