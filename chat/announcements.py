"""What is said of rooms and people outside the logs: volatile, after commit.

To the person (what is theirs), to who reads the room (its members), and to whoever may
see the room (the directory). Announce last: most payloads are read as it is done.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from accounts.actor import system
from accounts.models import User
from core.bus import publisher
from core.bus.envelopes import (
    Audience,
    Envelope,
    GuestOut,
    PersonChanged,
    RoomGone,
    ToEverybody,
    ToPerson,
    ToRoom,
)

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
    _tell_readers(room, event)
    announce_added(member)
    _tell_of_people(room)


def announce_left(room: Room, person: UUID) -> None:
    """They are a member no longer."""
    _tell_readers(room, MemberLeft(str(room.pk), str(person), room.memberships.count()))
    _tell(person, RoomRemoved(str(room.pk)))
    _tell_of_people(room)


def announce_member(room: Room, member: Membership) -> None:
    """Something about them changed that everybody in the room sees."""
    _tell_readers(room, MemberUpdated(str(room.pk), member_payload(member)))
    announce_added(member)


def announce_added(member: Membership) -> None:
    """Tell the person's connections that they are a member, and as what.

    It is read after the commit, since the room's row is locked until then and counting
    what is unread must hold up nobody. When it fails the change was made all the same.
    """
    transaction.on_commit(lambda: _tell_added(member), robust=True)


def _tell_added(member: Membership) -> None:
    if room := own_room(member):
        _tell(member.user_id, RoomAdded(room))


def _tell_of_people(room: Room) -> None:
    """A group has its people for a name."""
    if room.kind == Room.Kind.GROUP:
        announce_room(room, RoomUpdated(shown_room(room, None)))


# --- Who may see the room ------------------------------------------------------------


def announce_room(room: Room, event: object) -> None:
    """To everybody who may see the room: its audience, or its members."""
    if room.kind == Room.Kind.PUBLIC:
        return _tell_audience(room, audiences(room), event)
    members = room.memberships.all()
    if room.staff_only:
        members = members.filter(user__is_staff=True)
    text = encode(event)
    ids = members.order_by("pk").values_list("user_id", flat=True)
    return _publish([ToPerson(str(pk), text) for pk in ids])


def announce_deleted(room: Room) -> None:
    """While it is still there; nobody hears anything of it afterwards."""
    announce_room(room, RoomDeleted(str(room.pk)))
    _publish([RoomGone(str(room.pk))])


def announce_audience(room: Room, before: Iterable[Audience]) -> None:
    """To those alone who may see the room from now on, or no longer."""
    now = audiences(room)
    if new := [audience for audience in now if audience not in before]:
        _tell_audience(room, new, RoomCreated(shown_room(room, None)))
    if old := [audience for audience in before if audience not in now]:
        # Guests who read it are out at the number of the message that says so.
        _tell_audience(room, old, RoomDeleted(str(room.pk)))


def announce_banned(room: Room, person: User) -> None:
    if _is_in_audience(room, person):
        _tell(person.pk, RoomDeleted(str(room.pk)))
        _publish([GuestOut(str(room.pk), str(person.pk))])


def announce_unbanned(room: Room, person: User) -> None:
    if _is_in_audience(room, person):
        _tell(person.pk, RoomCreated(shown_room(room, None)))


def _is_in_audience(room: Room, person: User) -> bool:
    """Whether a ban is all that keeps them from seeing the room."""
    return may_see(Seat(system(person), room, None, is_banned=False))


# --- People --------------------------------------------------------------------------


def announce_person(person: User) -> None:
    """How they show themselves changed: to who shares a room, and to their devices."""
    rooms = Membership.objects.filter(user=person).values_list("room", flat=True)
    text = encode(UserUpdated(user_payload(person), person.status))
    _publish([PersonChanged([str(room) for room in rooms], text, str(person.pk))])


# --- To whom -------------------------------------------------------------------------


def _tell(person: UUID, event: object) -> None:
    _publish([ToPerson(str(person), encode(event))])


def _tell_readers(room: Room, event: object) -> None:
    _publish([ToRoom(str(room.pk), encode(event))])


def _tell_audience(room: Room, of: list[Audience], event: object) -> None:
    but_not = [str(person) for person in shut_out(room)]
    _publish([ToEverybody(of, but_not, encode(event))])


def _publish(envelopes: list[Envelope]) -> None:
    transaction.on_commit(lambda: publisher.publish(envelopes))
