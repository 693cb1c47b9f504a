"""Keeping people out of a room."""

from django.db import transaction

from accounts.actor import Actor
from core import limits
from core.audit import Event

from ..access.people import find_any_person
from ..access.roles import check_manage, check_remove
from ..access.rooms import access_room
from ..announcements import announce_banned, announce_unbanned
from ..models import Ban, Invitation, Membership
from ..payloads.system_events import SystemMemberBanned
from .members import record_about
from .memberships import take_out, uninvite


@transaction.atomic
def ban(actor: Actor, room_id: str, user_id: str) -> None:
    """Keep a person out: a member is taken out, and an invitation is taken back."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_any_person(user_id)
    member = Membership.objects.filter(room=seat.room, user=person).first()
    if member is not None:
        check_remove(seat, member)
        take_out(seat.room, member, SystemMemberBanned(user_id), by=seat.user)
    _, is_new = Ban.objects.get_or_create(room=seat.room, user=person)
    uninvite(Invitation.objects.filter(room=seat.room, person=person))
    if is_new:
        record_about(Event.MEMBER_BANNED, seat, person)
        announce_banned(seat.room, person)


@transaction.atomic
def unban(actor: Actor, room_id: str, user_id: str) -> None:
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_any_person(user_id)
    if Ban.objects.filter(room=seat.room, user=person).delete()[0]:
        record_about(Event.MEMBER_UNBANNED, seat, person)
        announce_unbanned(seat.room, person)
