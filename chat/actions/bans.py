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
from .members import _record, _take_out
from .memberships import uninvite


@transaction.atomic
def ban(actor: Actor, room_id: str, user_id: str) -> None:
    """Whoever is a member is taken out; whoever is none does not get in."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_any_person(user_id)
    member = Membership.objects.filter(room=seat.room, user=person).first()
    if member is not None:
        check_remove(seat, member)
        _take_out(seat, member, "member.banned")
    _, is_new = Ban.objects.get_or_create(room=seat.room, user=person)
    uninvite(Invitation.objects.filter(room=seat.room, person=person))
    if is_new:
        _record(Event.MEMBER_BANNED, seat, person)
        announce_banned(seat.room, person)


@transaction.atomic
def unban(actor: Actor, room_id: str, user_id: str) -> None:
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_any_person(user_id)
    if Ban.objects.filter(room=seat.room, user=person).delete()[0]:
        _record(Event.MEMBER_UNBANNED, seat, person)
        announce_unbanned(seat.room, person)
