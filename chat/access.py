"""Who may do what: the only place with a permission rule.

`access_*` fetches and checks: it returns the object or raises. A room that you may not
see raises what a missing one raises, so the two cannot be told apart.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Standing, User
from accounts.standing import current

from .errors import (
    Conflict,
    Forbidden,
    InvitationNotFound,
    MessageNotFound,
    Muted,
    Refusal,
    RoomNotFound,
    UserNotFound,
)
from .limits import GROUP_PEOPLE, LIMITS
from .models import Attachment, Ban, Block, Invitation, Membership, Message, Room


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


def check_guests() -> None:
    if not settings.ALLOW_GUESTS:
        raise Forbidden("This server takes no guests.")


def check_reach(user: User, people: Iterable[User]) -> None:
    """Who blocked this person is not there for them."""
    if Block.objects.filter(user__in=list(people), blocked=user).exists():
        raise UserNotFound


def audience(room: Room) -> list[Standing]:
    """Who may see the room without belonging to it, unless they are banned."""
    if room.kind != Room.Kind.PUBLIC:
        return []
    if room.staff_only:
        return ["staff"]
    return ["staff", "person", *_guests(room)]


def _guests(room: Room) -> list[Standing]:
    return ["guest"] if room.guests_may_read else []


def may_see(seat: Seat) -> bool:
    """Staff-only comes first: who loses the flag is out, member or not.

    `visible_rooms` says the same as a query. A guest is a member of nothing.
    """
    if seat.room.staff_only and seat.user.standing != "staff":
        return False
    if seat.membership is not None and not seat.user.is_guest:
        return True
    return seat.user.standing in audience(seat.room) and not _is_banned(seat)


def visible_rooms(user: User) -> QuerySet[Room]:
    """The rooms that `may_see` shows to this person, decided by the database."""
    banned = Ban.objects.filter(room=OuterRef("pk"), user=user)
    public = Q(kind=Room.Kind.PUBLIC) & ~Exists(banned)
    if user.is_guest:
        return Room.objects.filter(public, guests_may_read=True, staff_only=False)
    mine = Membership.objects.filter(room=OuterRef("pk"), user=user)
    rooms = Room.objects.filter(public | Exists(mine))
    return rooms if user.is_staff else rooms.filter(staff_only=False)


def shut_out(room: Room) -> list[UUID]:
    """Who is banned and no member: the audience without them sees the room."""
    members = Membership.objects.filter(room=room)
    bans = Ban.objects.filter(room=room).exclude(user__in=members.values("user"))
    return list(bans.order_by("pk").values_list("user_id", flat=True))


def _is_banned(seat: Seat) -> bool:
    if seat.is_banned is not None:
        return seat.is_banned
    return Ban.objects.filter(room=seat.room, user=seat.user).exists()


def check_see(seat: Seat) -> None:
    if not may_see(seat):
        raise RoomNotFound


def check_read(seat: Seat) -> None:
    """History and live events are for members, and for guests who see the room."""
    check_see(seat)
    if has_account(seat.user):
        check_member(seat)


def check_member(seat: Seat) -> None:
    """Everything that is more than reading."""
    check_see(seat)
    check_account(seat.user)
    if seat.membership is None:
        raise Forbidden("Join the room first.")


def check_send(seat: Seat) -> None:
    check_member(seat)
    if _is_blocked(seat):
        raise UserNotFound
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")
    if seat.room.announcements_only and not is_exempt(seat):
        raise Forbidden("Only owners and moderators write here.")
    muted_until = seat.membership.muted_until if seat.membership else None
    if muted_until is not None and muted_until > timezone.now():
        raise Muted


def _is_blocked(seat: Seat) -> bool:
    """Whether the other one of a direct room does not want to hear from this one."""
    if seat.room.kind != Room.Kind.DIRECT:
        return False
    if seat.is_blocked is not None:
        return seat.is_blocked
    others = seat.room.memberships.values("user")
    return Block.objects.filter(user__in=others, blocked=seat.user).exists()


def check_join(seat: Seat) -> None:
    """A member may join again, which changes nothing."""
    check_see(seat)
    check_account(seat.user)
    if seat.membership is None and seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")


def check_leave(seat: Seat) -> None:
    """The last owner must hand the room over first."""
    check_account(seat.user)
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
    check_member(seat)
    if _role(seat) not in {Membership.Role.OWNER, Membership.Role.MODERATOR}:
        raise Forbidden("Only owners and moderators may do this.")


def check_own(seat: Seat) -> None:
    check_member(seat)
    if _role(seat) != Membership.Role.OWNER:
        raise Forbidden("Only an owner may do this.")


def check_invite(seat: Seat) -> None:
    """Whether people may be let in at all."""
    check_manage(seat)
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")


def check_add(seat: Seat, person: User) -> None:
    """Whether this person may be made a member."""
    check_invite(seat)
    check_reach(seat.user, [person])
    if seat.room.staff_only and not person.is_staff:
        raise Forbidden("Only staff belong to a staff-only room.")
    if Ban.objects.filter(room=seat.room, user=person).exists():
        raise Forbidden("This person is banned: lift the ban first.")
    if seat.room.kind == Room.Kind.GROUP:
        _check_group(seat.room, person)


def _check_group(room: Room, person: User) -> None:
    if _is_full(room, person):
        raise Forbidden(f"A group has at most {GROUP_PEOPLE} people.")


def _is_full(room: Room, person: User) -> bool:
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


def check_update(seat: Seat, fields: Iterable[str]) -> None:
    """Moderators say what a room is called and looks like; the rest is for owners."""
    check_manage(seat)
    if set(fields) - {"name", "topic", "color", "avatar"}:
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


def check_close(user: User) -> None:
    """Whether they may delete their account. The caller holds the superusers' rows."""
    superusers = User.objects.filter(is_superuser=True, is_active=True)
    if user.is_superuser and not superusers.exclude(pk=user.pk).exists():
        raise Conflict("You are the only superuser: make somebody else one first.")


def check_create(user: User, *, staff_only: bool) -> None:
    check_account(user)
    if staff_only and not user.is_staff:
        raise Forbidden("Only staff may make a staff-only room.")


def check_create_by_visit() -> None:
    """One answer for a name that nobody has and for one of a hidden room."""
    if not settings.ALLOW_GET_OR_CREATE:
        raise Forbidden("Here a room is not made by visiting it.")


def check_accept(invitation: Invitation, seat: Seat) -> None:
    """Raises InvitationNotFound, whatever it is: who is outside learns nothing more.

    A member is let in again by a link that is used up: their first answer may be lost.
    """
    expires_at = invitation.expires_at
    if (
        seat.room.archived_at is not None
        or (seat.room.staff_only and not seat.user.is_staff)
        or (expires_at is not None and expires_at <= timezone.now())
        or (seat.membership is None and _is_kept_out(invitation, seat))
    ):
        raise InvitationNotFound


def _is_kept_out(invitation: Invitation, seat: Seat) -> bool:
    full = seat.room.kind == Room.Kind.GROUP and _is_full(seat.room, seat.user)
    return full or _is_used_up(invitation) or _is_banned(seat)


def _is_used_up(invitation: Invitation) -> bool:
    return invitation.max_uses is not None and invitation.uses >= invitation.max_uses


def access_room(user: User, room_id: str, *, lock: bool = False) -> Seat:
    """The room and the person's place in it. Raises RoomNotFound unless visible.

    With `lock` the room's row is held until the transaction ends: every durable change
    takes it first, so whoever holds it sees memberships that cannot change under them.
    Then the person is looked at anew too: raises Unauthorized when they are logged out.
    """
    rooms = Room.objects.all()
    if lock:
        rooms = rooms.select_for_update(no_key=True)
    room = rooms.filter(pk=room_uuid(room_id)).first()
    if lock:
        # After the wait for the lock, and whether or not there is such a room.
        user = current(user)
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


class Invited(NamedTuple):
    """Somebody in front of a room that they may not see, and what lets them in."""

    seat: Seat
    invitation: Invitation


def access_invitation(user: User, invitation_id: str, *, lock: bool = False) -> Invited:
    """One that is for this person. Raises InvitationNotFound."""
    mine = Invitation.objects.filter(person=user)
    return _invited(user, mine.filter(pk__in=known_uuids([invitation_id])), lock=lock)


def access_link(user: User, code: str, *, lock: bool = False) -> Invited:
    """The link with this code. Raises InvitationNotFound."""
    links = Invitation.objects.filter(code_hash=Invitation.hash_of(code))
    return _invited(user, links, lock=lock)


def _invited(user: User, wanted: QuerySet[Invitation], *, lock: bool) -> Invited:
    """With `lock` the room's row comes first, as everywhere: then what is read of the
    invitation stays so, and of two people with the last use one gets it."""
    check_account(user)
    rooms = Room.objects.filter(pk__in=wanted.values("room"))
    if lock:
        rooms = rooms.select_for_update(no_key=True)
    room = rooms.first()
    if lock:
        # After the wait for the lock.
        user = current(user)
    invitation = wanted.select_related("inviter").first()
    if room is None or invitation is None:
        raise InvitationNotFound
    membership = Membership.objects.filter(room=room, user=user).first()
    seat = Seat(user, room, membership)
    check_accept(invitation, seat)
    return Invited(seat, invitation)


def access_message(user: User, room_id: str, seq: int) -> Message:
    """Raises RoomNotFound, Forbidden or MessageNotFound."""
    seat = access_room(user, room_id)
    check_read(seat)
    message = Message.objects.whole().filter(room=seat.room, seq=seq).first()
    if message is None:
        raise MessageNotFound
    return message


def access_upload(user: User, room_id: str, *, lock: bool = False) -> Seat:
    """Whoever may send in a room may upload to it."""
    seat = access_room(user, room_id, lock=lock)
    check_send(seat)
    return seat


def access_update(
    user: User, room_id: str, fields: Iterable[str], *, lock: bool = False
) -> Seat:
    seat = access_room(user, room_id, lock=lock)
    check_update(seat, fields)
    return seat


def access_attachment(user: User, attachment_id: str) -> Attachment | None:
    """For who reads the message; before it is sent, for its uploader alone.

    None and no refusal: to a door, what may not be opened is an address like any other
    with nothing there.
    """
    rows = Attachment.objects.select_related("room")
    found = rows.filter(pk__in=known_uuids([attachment_id])).first()
    if found is None or found.message_id is None:
        return found if found and found.uploader_id == user.pk else None
    [seat] = seats(user, [found.room])
    try:
        check_read(seat)
    except Refusal:
        return None
    return found


def seats(user: User, rooms: Iterable[Room]) -> list[Seat]:
    """One person in front of several rooms, in two queries."""
    rooms = list(rooms)
    found = Membership.objects.filter(user=user, room__in=rooms)
    by_room = {membership.room_id: membership for membership in found}
    outside = [room for room in rooms if room.pk not in by_room]
    bans = Ban.objects.filter(user=user, room__in=outside)
    banned = set(bans.values_list("room_id", flat=True)) if outside else set()
    return [
        Seat(user, room, by_room.get(room.pk))
        if room.pk in by_room
        else Seat(user, room, None, room.pk in banned)
        for room in rooms
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
