"""The seats of many actors in front of many rooms, read at once."""

from collections.abc import Sequence
from uuid import UUID

from accounts.actor import Actor

from ..models import Ban, Membership, Room
from .seat import Seat

# The ids of a person and of a room.
Place = tuple[UUID, UUID]


def seat_all(asked: Sequence[tuple[Actor, UUID]]) -> list[Seat | None]:
    """Each actor in front of their room, or None for a missing one, in three queries.

    As in `seats`, a hidden room takes as many queries as a missing one.
    """
    places = {(actor.id, room) for actor, room in asked}
    rooms = Room.objects.in_bulk({room for _, room in places})
    memberships = _memberships(places)
    outside = places - memberships.keys()
    banned = _banned(outside) if outside else set()

    def seat(actor: Actor, room: UUID) -> Seat | None:
        if room not in rooms:
            return None
        place = actor.id, room
        is_banned = place in banned if place in outside else None
        return Seat(actor, rooms[room], memberships.get(place), is_banned)

    return [seat(actor, room) for actor, room in asked]


def _memberships(places: set[Place]) -> dict[Place, Membership]:
    """These may be some more: of all the people in all the rooms."""
    found = Membership.objects.filter(
        user__in={user for user, _ in places}, room__in={room for _, room in places}
    )
    return {(member.user_id, member.room_id): member for member in found}


def _banned(places: set[Place]) -> set[Place]:
    found = Ban.objects.filter(
        user__in={user for user, _ in places}, room__in={room for _, room in places}
    )
    return set(found.values_list("user_id", "room_id"))
