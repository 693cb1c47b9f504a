"""What is said of rooms and people outside the logs: volatile, after commit."""

from uuid import UUID

from django.db import transaction

from accounts.models import User

from .. import broadcast
from ..broadcast import Envelope, PersonChanged, ToEverybody, ToPerson
from ..events import RoomAdded, RoomRemoved, UserUpdated, encode
from ..models import Membership, Room
from ..payloads import RoomPayload, room_payload, user_payload


def announce_added(room: Room, membership: Membership) -> RoomPayload:
    """Tell the person's other connections that they are a member."""
    payload = room_payload(room, membership)
    _publish([ToPerson(str(membership.user_id), encode(RoomAdded(payload)))])
    return payload


def announce_removed(room: Room, person: UUID) -> None:
    _publish([ToPerson(str(person), encode(RoomRemoved(str(room.pk))))])


def announce_room(room: Room, event: object) -> None:
    """To everybody who may see the room: all people, or its members."""
    text = encode(event)
    if room.kind == Room.Kind.PUBLIC:
        return _publish([ToEverybody(room.staff_only, text)])
    members = room.memberships.all()
    if room.staff_only:
        members = members.filter(user__is_staff=True)
    ids = members.order_by("pk").values_list("user_id", flat=True)
    return _publish([ToPerson(str(pk), text) for pk in ids])


def announce_person(person: User) -> None:
    """How they show themselves changed: to who shares a room, and to their devices."""
    rooms = Membership.objects.filter(user=person).values_list("room", flat=True)
    text = encode(UserUpdated(user_payload(person), person.status))
    _publish([PersonChanged([str(room) for room in rooms], text, str(person.pk))])


def _publish(envelopes: list[Envelope]) -> None:
    transaction.on_commit(lambda: broadcast.publish(envelopes))
