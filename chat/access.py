"""Who may do what: the only place with a permission rule.

`access_*` fetches and checks: it returns the object or raises. A room that you may not
see raises what a missing one raises, so the two cannot be told apart.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User

from .errors import (
    Forbidden,
    MessageNotFound,
    Muted,
    RoomNotFound,
    Unauthorized,
)
from .limits import LIMITS
from .models import Ban, Membership, Message, Room


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in front of a room that exists: what every rule looks at."""

    user: User
    room: Room
    membership: Membership | None
    # None: not read yet. Only somebody outside a public room is ever asked about it.
    is_banned: bool | None = None


def may_see(seat: Seat) -> bool:
    """Staff-only comes first: who loses the flag is out, member or not."""
    if seat.room.staff_only and not seat.user.is_staff:
        return False
    if seat.membership is not None:
        return True
    return seat.room.kind == Room.Kind.PUBLIC and not _is_banned(seat)


def _is_banned(seat: Seat) -> bool:
    if seat.is_banned is not None:
        return seat.is_banned
    return Ban.objects.filter(room=seat.room, user=seat.user).exists()


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
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")
    if seat.room.announcements_only and not is_exempt(seat):
        raise Forbidden("Only owners and moderators write here.")
    muted_until = seat.membership.muted_until if seat.membership else None
    if muted_until is not None and muted_until > timezone.now():
        raise Muted


def check_join(seat: Seat) -> None:
    """A member may join again, which changes nothing."""
    check_see(seat)
    if seat.membership is None and seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")


def check_leave(seat: Seat) -> None:
    """The last owner must hand the room over first."""
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
    """For owners and moderators. A direct room has neither: nobody changes it."""
    check_read(seat)
    if _role(seat) not in {Membership.Role.OWNER, Membership.Role.MODERATOR}:
        raise Forbidden("Only owners and moderators may do this.")


def check_own(seat: Seat) -> None:
    check_read(seat)
    if _role(seat) != Membership.Role.OWNER:
        raise Forbidden("Only an owner may do this.")


def check_add(seat: Seat, person: User) -> None:
    """Whether this person may be made a member."""
    check_manage(seat)
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")
    if seat.room.staff_only and not person.is_staff:
        raise Forbidden("Only staff belong to a staff-only room.")
    if Ban.objects.filter(room=seat.room, user=person).exists():
        raise Forbidden("This person is banned: lift the ban first.")


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


def check_update(seat: Seat, fields: Iterable[str]) -> None:
    """Moderators give a room its name and topic; how it works is for owners."""
    check_manage(seat)
    if set(fields) - {"name", "topic"}:
        check_own(seat)


def _role(seat: Seat) -> str | None:
    return seat.membership.role if seat.membership else None


def is_exempt(seat: Seat) -> bool:
    """Owners, moderators and staff: limits meant for members do not bind them."""
    role = seat.membership.role if seat.membership else None
    return seat.user.is_staff or role in {
        Membership.Role.OWNER,
        Membership.Role.MODERATOR,
    }


def check_level(seat: Seat, level: str) -> None:
    if level != Message.Level.NORMAL and not is_exempt(seat):
        raise Forbidden("Only moderators and staff send warnings and alerts.")


def check_edit(seat: Seat, message: Message) -> None:
    """One's own text, for a while; moderators have all the time."""
    check_send(seat)
    if message.sender_id != seat.user.pk or message.kind != Message.Kind.USER:
        raise Forbidden("Only who wrote a message may edit it.")
    if message.deleted_at is not None:
        raise MessageNotFound
    age = timezone.now() - message.created_at
    if age.total_seconds() > LIMITS.edit_seconds and not is_exempt(seat):
        raise Forbidden("It is too late to edit this message.")


def check_delete(seat: Seat, message: Message) -> None:
    """One's own, or any for moderators; what happened to the room stays."""
    own = message.sender_id == seat.user.pk
    if message.kind != Message.Kind.USER or not (own or is_exempt(seat)):
        raise Forbidden("You may not delete this message.")


def check_react(seat: Seat, message: Message) -> None:
    check_send(seat)
    if message.deleted_at is not None:
        raise MessageNotFound


def check_pin(seat: Seat, message: Message) -> None:
    if not is_exempt(seat):
        raise Forbidden("Only moderators pin messages.")
    if message.deleted_at is not None:
        raise MessageNotFound


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


def access_named(user: User, name: str) -> Seat:
    """The public room of this name. Raises RoomNotFound unless visible.

    A staff-only room may have the name of another, which then comes first for staff
    too: one name means one room, whoever says it.
    """
    # PostgreSQL knows no NUL, and both databases fold a name as their index does.
    folded = Lower(Value(name.replace("\0", "")))
    public = Room.objects.filter(kind=Room.Kind.PUBLIC).alias(folded=Lower("name"))
    rooms = public.filter(folded=folded).order_by("staff_only")
    if "\0" not in name:
        for seat in seats(user, rooms):
            if may_see(seat):
                return seat
    raise RoomNotFound


def current(user: User) -> User:
    """The person as they are now. Raises Unauthorized when their token would not do.

    A socket knows who opened it, which may be long ago.
    """
    found = User.objects.filter(pk=user.pk, is_active=True).first()
    if found is None or found.token_version != user.token_version:
        raise Unauthorized
    return found


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
    """One person in front of several rooms, in two queries."""
    rooms = list(rooms)
    found = Membership.objects.filter(user=user, room__in=rooms)
    by_room = {membership.room_id: membership for membership in found}
    outside = [room for room in rooms if room.pk not in by_room]
    bans = Ban.objects.filter(user=user, room__in=outside)
    banned = set(bans.values_list("room_id", flat=True)) if outside else set()
    return [Seat(user, room, by_room.get(room.pk), room.pk in banned) for room in rooms]


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
