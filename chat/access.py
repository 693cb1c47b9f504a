"""Who may do what: the only place with a permission rule.

`access_*` fetches and checks: it returns the object or raises. A room that you may not
see raises what a missing one raises, so the two cannot be told apart.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from accounts.models import User

from .errors import Forbidden, MessageNotFound, Muted, RoomNotFound
from .models import Membership, Message, Room


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in front of a room that exists: what every rule looks at."""

    user: User
    room: Room
    membership: Membership | None


def may_see(seat: Seat) -> bool:
    """Staff-only comes first: who loses the flag is out, member or not."""
    if seat.room.staff_only and not seat.user.is_staff:
        return False
    return seat.membership is not None or seat.room.kind == Room.Kind.PUBLIC


def check_see(seat: Seat) -> None:
    if not may_see(seat):
        raise RoomNotFound


def check_read(seat: Seat) -> None:
    """History, live events and the list of members are for members."""
    check_see(seat)
    if seat.membership is None:
        raise Forbidden("Join the room first.")


def check_send(seat: Seat) -> None:
    check_read(seat)
    muted_until = seat.membership.muted_until if seat.membership else None
    if muted_until is not None and muted_until > timezone.now():
        raise Muted


def check_join(seat: Seat) -> None:
    check_see(seat)
    if seat.membership is None and seat.room.kind != Room.Kind.PUBLIC:
        raise RoomNotFound


def check_create(user: User, *, staff_only: bool) -> None:
    if staff_only and not user.is_staff:
        raise Forbidden("Only staff may make a staff-only room.")


def access_room(user: User, room_id: str, *, lock: bool = False) -> Seat:
    """The room and the person's place in it. Raises RoomNotFound unless visible.

    With `lock` the room's row is held until the transaction ends: every durable change
    takes it first, so whoever holds it sees memberships that cannot change under them.
    """
    rooms = Room.objects.all()
    if lock:
        rooms = rooms.select_for_update(no_key=True)
    room = rooms.filter(pk=room_uuid(room_id)).first()
    if room is None:
        raise RoomNotFound
    membership = Membership.objects.filter(room=room, user=user).first()
    seat = Seat(user, room, membership)
    check_see(seat)
    return seat


def access_message(user: User, room_id: str, seq: int) -> Message:
    """Raises RoomNotFound, Forbidden or MessageNotFound."""
    seat = access_room(user, room_id)
    check_read(seat)
    messages = Message.objects.select_related("sender").prefetch_related("reactions")
    message = messages.filter(room=seat.room, seq=seq).first()
    if message is None:
        raise MessageNotFound
    return message


def seats(user: User, rooms: Iterable[Room]) -> list[Seat]:
    """One person in front of several rooms, in one query."""
    rooms = list(rooms)
    found = Membership.objects.filter(user=user, room__in=rooms)
    by_room = {membership.room_id: membership for membership in found}
    return [Seat(user, room, by_room.get(room.pk)) for room in rooms]


def known_uuids(room_ids: Iterable[str]) -> list[UUID]:
    """Those that can be the id of a room at all."""
    found = []
    for room_id in room_ids:
        with suppress(RoomNotFound):
            found.append(room_uuid(room_id))
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
