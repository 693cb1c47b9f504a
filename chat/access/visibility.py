"""Which rooms there are for somebody: who may see one, and who may read it.

A room that one may not see raises what a missing one raises.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor, check_account, has_account
from accounts.models import User
from core.bus.envelopes import Audience
from core.errors import Forbidden

from ..errors import RoomNotFound, UserNotFound
from ..models import Ban, Block, Membership, Room
from .seat import Seat


def check_reach(actor: Actor, people: Iterable[User]) -> None:
    """Who blocked this person is not there for them."""
    if Block.objects.filter(user__in=list(people), blocked=actor.user).exists():
        raise UserNotFound


def audiences(room: Room) -> list[Audience]:
    """Who may see the room without belonging to it, unless they are banned."""
    if room.kind != Room.Kind.PUBLIC:
        return []
    if room.staff_only:
        return ["staff"]
    return ["staff", "person", *_guests(room)]


def _guests(room: Room) -> list[Audience]:
    return ["guest"] if room.guests_may_read else []


def may_see(seat: Seat) -> bool:
    """Staff-only comes first: who loses the flag is out, member or not.

    `visible_rooms` says the same as a query. A guest is a member of nothing.
    """
    if seat.room.staff_only and seat.user.audience != "staff":
        return False
    if seat.membership is not None and not seat.user.is_guest:
        return True
    return seat.user.audience in audiences(seat.room) and not is_banned(seat)


def visible_rooms(actor: Actor) -> QuerySet[Room]:
    """The rooms that `may_see` shows to this person, decided by the database."""
    banned = Ban.objects.filter(room=OuterRef("pk"), user=actor.user)
    public = Q(kind=Room.Kind.PUBLIC) & ~Exists(banned)
    if actor.user.is_guest:
        return Room.objects.filter(public, guests_may_read=True, staff_only=False)
    mine = Membership.objects.filter(room=OuterRef("pk"), user=actor.user)
    rooms = Room.objects.filter(public | Exists(mine))
    return rooms if actor.user.is_staff else rooms.filter(staff_only=False)


def readable_rooms(actor: Actor) -> QuerySet[Room]:
    """The rooms that `check_read` passes for this person, decided by the database."""
    rooms = visible_rooms(actor)
    return rooms.filter(memberships__user=actor.user) if has_account(actor) else rooms


def shut_out(room: Room) -> list[UUID]:
    """Who is banned and no member: the audience without them sees the room."""
    members = Membership.objects.filter(room=room)
    bans = Ban.objects.filter(room=room).exclude(user__in=members.values("user"))
    return list(bans.order_by("pk").values_list("user_id", flat=True))


def is_banned(seat: Seat) -> bool:
    if seat.is_banned is not None:
        return seat.is_banned
    return Ban.objects.filter(room=seat.room, user=seat.user).exists()


def check_see(seat: Seat) -> None:
    if not may_see(seat):
        raise RoomNotFound


def check_read(seat: Seat) -> None:
    """History and live events are for members, and for guests who see the room."""
    check_see(seat)
    if has_account(seat.actor):
        check_member(seat)


def check_member(seat: Seat) -> None:
    """Everything that is more than reading."""
    check_see(seat)
    check_account(seat.actor)
    if seat.membership is None:
        raise Forbidden("Join the room first.")
