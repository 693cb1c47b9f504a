"""Adding and removing members, their roles and their mutes.

Each is a system message that names the person; its sender is the one who did it. A
change to what is already so writes nothing. The room's row is locked before any of its
people are read.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from core import limits
from core.audit import Event, record_committed

from ..access.people import find_member, find_person
from ..access.roles import (
    check_add,
    check_manage,
    check_moderate,
    check_own,
    check_remove,
    check_role,
)
from ..access.rooms import access_room
from ..access.seat import Seat
from ..announcements import announce_member
from ..log.append import say
from ..models import Membership
from ..payloads.rooms import MemberPayload, member_payload
from ..payloads.system_events import (
    SystemMemberAdded,
    SystemMemberMuted,
    SystemMemberRemoved,
    SystemMemberRoleChanged,
    SystemMemberUnmuted,
)
from .memberships import make_member, take_out


@transaction.atomic
def add_member(
    actor: Actor, room_id: str, reference: str
) -> tuple[MemberPayload, bool]:
    """Make a person, by id or username, a member; True when they were none before."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_person(reference)
    check_add(seat, person)
    member = Membership.objects.filter(room=seat.room, user=person).first()
    if member is not None:
        return member_payload(member), False
    record_about(Event.MEMBER_ADDED, seat, person)
    event = SystemMemberAdded(str(person.pk))
    return member_payload(make_member(seat.room, person, event, by=seat.user)), True


@transaction.atomic
def change_role(actor: Actor, room_id: str, user_id: str, role: str) -> MemberPayload:
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_own(seat)
    member = find_member(seat.room, user_id)
    check_role(seat, member, role)
    if member.role != role:
        set_role(seat, member, role)
    return member_payload(member)


def set_role(seat: Seat, member: Membership, role: str) -> None:
    """Give a member a role that is another one.

    The caller holds the room's row and has checked that the seat may do this.
    """
    member.role = role
    member.save(update_fields=["role"])
    event = SystemMemberRoleChanged(
        str(member.user_id),
        role,  # type: ignore[arg-type]  # the column's choices
    )
    say(seat.room, event, by=seat.user)
    record_about(Event.ROLE_CHANGED, seat, member.user, role=role)
    announce_member(seat.room, member)


@transaction.atomic
def remove_member(actor: Actor, room_id: str, user_id: str) -> None:
    """End a membership. The message that says so is the last that the person gets."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    member = find_member(seat.room, user_id)
    check_remove(seat, member)
    event = SystemMemberRemoved(str(member.user_id))
    take_out(seat.room, member, event, by=seat.user)
    record_about(Event.MEMBER_REMOVED, seat, member.user)


@transaction.atomic
def mute_member(
    actor: Actor, room_id: str, user_id: str, seconds: int
) -> MemberPayload:
    """Mute from now on, for so long, whatever mute there was before."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    member = find_member(seat.room, user_id)
    check_moderate(seat, member)
    member.muted_until = timezone.now() + timedelta(seconds=seconds)
    member.save(update_fields=["muted_until"])
    event = SystemMemberMuted(str(member.user_id), member.muted_until)
    say(seat.room, event, by=seat.user)
    until = member.muted_until.isoformat().replace("+00:00", "Z")
    record_about(Event.MEMBER_MUTED, seat, member.user, until=until)
    announce_member(seat.room, member)
    return member_payload(member)


@transaction.atomic
def unmute_member(actor: Actor, room_id: str, user_id: str) -> None:
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    member = find_member(seat.room, user_id)
    check_moderate(seat, member)
    if member.muted_until is None:
        return
    was_muted = member.muted_until > timezone.now()
    member.muted_until = None
    member.save(update_fields=["muted_until"])
    if was_muted:
        say(seat.room, SystemMemberUnmuted(str(member.user_id)), by=seat.user)
        record_about(Event.MEMBER_UNMUTED, seat, member.user)
    announce_member(seat.room, member)


def record_about(event: Event, seat: Seat, person: User, **more: str) -> None:
    """Put into the audit log, when it is committed, what the seat did to a person."""
    by, room = seat.user.pk, seat.room.pk
    record_committed(event, user=person.pk, by=by, room=room, **more)
