"""What owners and moderators do to people: adding, removing, roles, mutes and bans.

Each is a system message that names the person; its sender is who did it. What is as
wished already stays silent. The room's row is locked before anybody is looked at.
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
from .memberships import make_member, take_out


@transaction.atomic
def add_member(
    actor: Actor, room_id: str, reference: str
) -> tuple[MemberPayload, bool]:
    """By id or username; True when the person was none before."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_person(reference)
    check_add(seat, person)
    member = Membership.objects.filter(room=seat.room, user=person).first()
    if member is not None:
        return member_payload(member), False
    event = {"type": "member.added", "user": str(person.pk)}
    _record(Event.MEMBER_ADDED, seat, person)
    return member_payload(make_member(seat.room, person, event, by=actor.user)), True


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
    """The caller holds the room's row and has checked that they may."""
    member.role = role
    member.save(update_fields=["role"])
    _log(seat, "member.role_changed", member.user, role=role)
    _record(Event.ROLE_CHANGED, seat, member.user, role=role)
    announce_member(seat.room, member)


@transaction.atomic
def remove_member(actor: Actor, room_id: str, user_id: str) -> None:
    """The message that says so is the last that the person receives."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    member = find_member(seat.room, user_id)
    check_remove(seat, member)
    _take_out(seat, member, "member.removed")
    _record(Event.MEMBER_REMOVED, seat, member.user)


@transaction.atomic
def mute_member(
    actor: Actor, room_id: str, user_id: str, seconds: int
) -> MemberPayload:
    """From now on, however long a mute there was before."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    member = find_member(seat.room, user_id)
    check_moderate(seat, member)
    member.muted_until = timezone.now() + timedelta(seconds=seconds)
    member.save(update_fields=["muted_until"])
    until = member.muted_until.isoformat().replace("+00:00", "Z")
    _log(seat, "member.muted", member.user, until=until)
    _record(Event.MEMBER_MUTED, seat, member.user, until=until)
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
        _log(seat, "member.unmuted", member.user)
        _record(Event.MEMBER_UNMUTED, seat, member.user)
    announce_member(seat.room, member)


def _take_out(seat: Seat, member: Membership, kind: str) -> None:
    event = {"type": kind, "user": str(member.user_id)}
    take_out(seat.room, member, event, by=seat.user)


def _log(seat: Seat, kind: str, person: User, **fields: str) -> None:
    event = {"type": kind, "user": str(person.pk), **fields}
    say(seat.room, event, by=seat.user)


def _record(event: Event, seat: Seat, person: User, **more: str) -> None:
    by, room = seat.user.pk, seat.room.pk
    record_committed(event, user=person.pk, by=by, room=room, **more)
