"""Somebody in front of a room: what every rule looks at."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User

from ..errors import Forbidden, RoomNotFound
from ..models import Ban, Membership, Room


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in front of a room that exists: what every rule looks at."""

    user: User
    room: Room
    membership: Membership | None
    # None: not read yet. Only somebody outside a public room is ever asked about it.
    is_banned: bool | None = None
    # The same. Only a member of a direct room is ever asked about it.
    is_blocked: bool | None = None


def has_account(user: User) -> bool:
    """Guests have none: they read what is open to them, and know of nobody."""
    return not user.is_guest


def check_account(user: User) -> None:
    """For everything that is not reading rooms or ending one's own sessions."""
    if not has_account(user):
        raise Forbidden("Guests only read.")


def seats(user: User, ids: Iterable[UUID]) -> list[Seat]:
    """One person in front of those of these rooms that exist, in three queries.

    They go by the ids, so that a hidden room takes as many as a missing one.
    """
    rooms = Room.objects.in_bulk(ids := list(ids))
    found = Membership.objects.filter(user=user, room__in=ids)
    by_room = {membership.room_id: membership for membership in found}
    bans = Ban.objects.filter(user=user, room__in=set(ids) - by_room.keys())
    banned = set(bans.values_list("room_id", flat=True))
    return [
        Seat(user, room, by_room.get(pk), None if pk in by_room else pk in banned)
        for pk, room in rooms.items()
    ]


def known_uuids(ids: Iterable[str]) -> list[UUID]:
    """Those that can be the id of anything at all."""
    found = []
    for some_id in ids:
        with suppress(RoomNotFound):
            found.append(room_uuid(some_id))
    return found


def room_uuid(room_id: str) -> UUID:
    """A malformed id is the id of no room.

    So is an id in capitals or in braces: what is kept by id, such as the feeds of the
    hub, must not know one room under two names.
    """
    try:
        found = UUID(room_id)
    except ValueError:
        raise RoomNotFound from None
    if str(found) != room_id:
        raise RoomNotFound
    return found
