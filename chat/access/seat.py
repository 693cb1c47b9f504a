"""A seat: an actor in front of a room, which is what every rule looks at."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.actor import Actor
from accounts.models import User
from core.ids import as_uuid

from ..errors import RoomNotFound
from ..models import Ban, Membership, Room


@dataclass(frozen=True, slots=True)
class Seat:
    """An actor in front of a room that exists, and their membership, if any."""

    actor: Actor
    room: Room
    membership: Membership | None
    # None means that it was not read. Only outsiders of a public room are asked for it.
    is_banned: bool | None = None
    # None means that it was not read. Only members of a direct room are asked for it.
    is_blocked: bool | None = None

    @property
    def user(self) -> User:
        return self.actor.user


def seats(actor: Actor, ids: Iterable[UUID]) -> list[Seat]:
    """The actor in front of those of the rooms that exist, in three queries.

    The queries ask by id, so that a hidden room takes as many as a missing one and the
    time of the answer tells nothing.
    """
    rooms = Room.objects.in_bulk(ids := list(ids))
    found = Membership.objects.filter(user=actor.user, room__in=ids)
    by_room = {membership.room_id: membership for membership in found}
    bans = Ban.objects.filter(user=actor.user, room__in=set(ids) - by_room.keys())
    banned = set(bans.values_list("room_id", flat=True))
    return [
        Seat(actor, room, by_room.get(pk), None if pk in by_room else pk in banned)
        for pk, room in rooms.items()
    ]


def room_uuid(room_id: str) -> UUID:
    """Raises RoomNotFound for a malformed id, which is the id of no room."""
    found = as_uuid(room_id)
    if found is None:
        raise RoomNotFound
    return found
