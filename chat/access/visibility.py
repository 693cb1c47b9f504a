"""The rules for seeing a room and for reading it.

A room that the actor may not see raises the same refusal as a missing one.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor, Scope, check_account, check_scope, has_account
from accounts.models import User
from core.bus.envelopes import Audience
from core.compiled import Given
from core.errors import Forbidden

from ..errors import RoomNotFound, UserNotFound
from ..models import Ban, Block, Membership, Room
from .seat import Seat


def check_reach(actor: Actor, people: Iterable[User]) -> None:
    """Raises UserNotFound when one of the people has blocked the actor."""
    if Block.objects.filter(user__in=list(people), blocked=actor.user).exists():
        raise UserNotFound


def audiences(room: Room) -> list[Audience]:
    """The audiences that see the room without being members, unless they are banned."""
    if room.kind != Room.Kind.PUBLIC:
        return []
    if room.staff_only:
        return ["staff"]
    everybody: list[Audience] = ["staff", "person", "guest"]
    return everybody if room.guests_may_read else everybody[:2]


def may_see(seat: Seat) -> bool:
    """Whether the room exists for this person; `visible_rooms` is the same as a query.

    Staff-only comes first: somebody who loses the staff flag no longer sees the room,
    member or not. A guest belongs to no room.
    """
    if seat.room.staff_only and seat.user.audience != "staff":
        return False
    if seat.membership is not None and not seat.user.is_guest:
        return True
    return seat.user.audience in audiences(seat.room) and not is_banned(seat)


def visible_rooms(actor: Actor) -> QuerySet[Room]:
    """The rooms that `may_see` is true of, as a query."""
    check_scope(actor, Scope.READ)
    return rooms_open_to(actor.user.audience, actor.id)


def rooms_open_to(audience: Audience, user: UUID | Given) -> QuerySet[Room]:
    """The same for a query that is compiled; the caller checks the scope."""
    banned = Ban.objects.filter(room=OuterRef("pk"), user=user)
    public = Q(kind=Room.Kind.PUBLIC) & ~Exists(banned)
    if audience == "guest":
        return Room.objects.filter(public, guests_may_read=True, staff_only=False)
    mine = Membership.objects.filter(room=OuterRef("pk"), user=user)
    return Room.objects.filter(public | Exists(mine), is_open_to(audience))


def is_open_to(audience: Audience, path: str = "") -> Q:
    """The condition that a room exists for those of this audience who belong to it.

    A room for staff alone does so for staff alone. `path` leads to the room.
    """
    return Q() if audience == "staff" else Q(**{f"{path}staff_only": False})


def readable_rooms(actor: Actor) -> QuerySet[Room]:
    """The rooms that `check_read` accepts, as a query."""
    rooms = visible_rooms(actor)
    return rooms.filter(memberships__user=actor.user) if has_account(actor) else rooms


def shut_out(room: Room) -> list[UUID]:
    """The banned people who are no members: the audience without them sees the room."""
    members = Membership.objects.filter(room=room)
    bans = Ban.objects.filter(room=room).exclude(user__in=members.values("user"))
    return list(bans.order_by("pk").values_list("user_id", flat=True))


def is_banned(seat: Seat) -> bool:
    if seat.is_banned is not None:
        return seat.is_banned
    return Ban.objects.filter(room=seat.room, user=seat.user).exists()


def check_see(seat: Seat) -> None:
    """Raises RoomNotFound, or Forbidden for a token that is not good for reading."""
    check_scope(seat.actor, Scope.READ)
    if not may_see(seat):
        raise RoomNotFound


def check_read(seat: Seat) -> None:
    """History and live events are for members, and for guests who may see the room."""
    check_see(seat)
    if has_account(seat.actor):
        check_member(seat)


def check_member(seat: Seat) -> None:
    """Everything beyond reading is for members with an account."""
    check_see(seat)
    check_account(seat.actor)
    if seat.membership is None:
        raise Forbidden("Join the room first.")
