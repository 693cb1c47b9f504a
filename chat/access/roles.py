"""The rules for changing rooms, acting on their members, and closing an account."""

from collections.abc import Iterable

from django.conf import settings

from accounts.actor import Actor, Scope, check_account, check_scope
from accounts.models import User
from core.errors import Conflict, Forbidden
from core.limits.table import GROUP_PEOPLE

from ..models import Ban, Membership, Room
from .seat import Seat
from .visibility import check_member, check_reach, check_see


def check_create(actor: Actor, *, staff_only: bool) -> None:
    check_scope(actor, Scope.ROOMS)
    check_account(actor)
    if staff_only and not actor.user.is_staff:
        raise Forbidden("Only staff may make a staff-only room.")


def check_create_by_visit() -> None:
    """The answer is the same for a name that is free and for that of a hidden room."""
    if not settings.ALLOW_GET_OR_CREATE:
        raise Forbidden("Here a room is not made by visiting it.")


def check_close(actor: Actor) -> None:
    """Whether the person may delete their account.

    The caller holds the superusers' rows, so that two of them cannot leave at once.
    """
    superusers = User.objects.filter(is_superuser=True, is_active=True)
    if actor.user.is_superuser and not superusers.exclude(pk=actor.id).exists():
        raise Conflict("You are the only superuser: make somebody else one first.")


def check_join(seat: Seat) -> None:
    """A member may join again, which changes nothing."""
    check_see(seat)
    check_account(seat.actor)
    check_scope(seat.actor, Scope.ROOMS)
    if seat.membership is None and seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")


def check_leave(seat: Seat) -> None:
    """The last owner has to hand the room over first."""
    check_scope(seat.actor, Scope.ROOMS)
    check_account(seat.actor)
    if seat.room.kind == Room.Kind.DIRECT:
        raise Forbidden("A direct room cannot be left.")
    if seat.membership is not None and is_last_owner(seat.membership):
        raise Forbidden("You are the only owner: make somebody else owner first.")


def is_last_owner(membership: Membership) -> bool:
    if membership.role != Membership.Role.OWNER:
        return False
    owners = Membership.objects.filter(
        room=membership.room_id, role=Membership.Role.OWNER
    )
    return not owners.exclude(pk=membership.pk).exists()


def check_manage(seat: Seat) -> None:
    """For owners and moderators. A direct room has neither, so nobody changes it."""
    check_member(seat)
    check_scope(seat.actor, Scope.ROOMS)
    if _role(seat) not in {Membership.Role.OWNER, Membership.Role.MODERATOR}:
        raise Forbidden("Only owners and moderators may do this.")


def check_own(seat: Seat) -> None:
    check_member(seat)
    check_scope(seat.actor, Scope.ROOMS)
    if _role(seat) != Membership.Role.OWNER:
        raise Forbidden("Only an owner may do this.")


def check_update(seat: Seat, fields: Iterable[str]) -> None:
    """Moderators change a room's name, topic and looks; owners change everything."""
    check_manage(seat)
    if set(fields) - {"name", "topic", "color", "avatar"}:
        check_own(seat)


def check_invite(seat: Seat) -> None:
    """Whether anybody may be added or invited at all."""
    check_manage(seat)
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")


def check_add(seat: Seat, person: User) -> None:
    """Whether this person may be made a member."""
    check_invite(seat)
    check_reach(seat.actor, [person])
    if seat.room.staff_only and not person.is_staff:
        raise Forbidden("Only staff belong to a staff-only room.")
    if Ban.objects.filter(room=seat.room, user=person).exists():
        raise Forbidden("This person is banned: lift the ban first.")
    if seat.room.kind == Room.Kind.GROUP and is_full(seat.room, person):
        raise Forbidden(f"A group has at most {GROUP_PEOPLE} people.")


def is_full(room: Room, person: User) -> bool:
    return room.memberships.exclude(user=person).count() >= GROUP_PEOPLE


def check_moderate(seat: Seat, member: Membership) -> None:
    """Owners act on everybody, moderators on plain members."""
    check_manage(seat)
    if _role(seat) != Membership.Role.OWNER and member.role != Membership.Role.MEMBER:
        raise Forbidden("Only an owner acts on owners and moderators.")


def check_remove(seat: Seat, member: Membership) -> None:
    check_moderate(seat, member)
    if is_last_owner(member):
        raise Forbidden("A room keeps its last owner.")


def check_role(seat: Seat, member: Membership, role: str) -> None:
    check_own(seat)
    if role != Membership.Role.OWNER and is_last_owner(member):
        raise Forbidden("A room keeps its last owner.")


def _role(seat: Seat) -> str | None:
    return seat.membership.role if seat.membership else None


def is_exempt(seat: Seat) -> bool:
    """Owners, moderators and staff are not bound by the limits for members."""
    role = seat.membership.role if seat.membership else None
    return seat.user.is_staff or role in {
        Membership.Role.OWNER,
        Membership.Role.MODERATOR,
    }
