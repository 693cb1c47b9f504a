"""Inviting people into a room, one by one or by a link, and what they answer.

A person's invitation is there until it is answered or taken back; a link ends by
itself. Of its code only the hash is kept.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from core import limits
from core.bus import publisher
from core.bus.envelopes import ToPerson
from core.errors import Conflict
from core.ids import known_uuids

from ..access.invitations import Invited, access_invitation, access_link
from ..access.people import find_person
from ..access.roles import check_add, check_invite, check_manage
from ..access.rooms import access_room
from ..errors import InvitationNotFound
from ..events import InvitationCreated, encode
from ..models import Invitation, Membership
from ..payloads.invitations import (
    InvitationPayload,
    invitation_payload,
    received_invitation_payload,
)
from ..payloads.rooms import RoomPayload
from ..queries.rooms import shown_room
from .memberships import make_member, notice, uninvite


@transaction.atomic
def invite_person(
    actor: Actor, room_id: str, reference: str
) -> tuple[InvitationPayload, bool]:
    """By id or username; False when they were invited already.

    Raises Conflict for a member.
    """
    limits.invitations.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_person(reference)
    check_add(seat, person)
    if Membership.objects.filter(room=seat.room, user=person).exists():
        raise Conflict("This person is a member already.")
    invitation, made = Invitation.objects.select_related("inviter").get_or_create(
        room=seat.room, person=person, defaults={"inviter": actor.user}
    )
    if made:
        event = InvitationCreated(received_invitation_payload(invitation))
        envelope = ToPerson(str(person.pk), encode(event))
        transaction.on_commit(lambda: publisher.publish([envelope]))
    return invitation_payload(invitation), made


@transaction.atomic
def make_link(
    actor: Actor, room_id: str, *, expires_in: int, max_uses: int | None
) -> InvitationPayload:
    """The answer alone has the code."""
    limits.invitations.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_invite(seat)
    code = secrets.token_urlsafe(16)
    invitation = Invitation.objects.create(
        room=seat.room,
        inviter=actor.user,
        code_hash=Invitation.hash_of(code),
        max_uses=max_uses,
        expires_at=timezone.now() + timedelta(seconds=expires_in),
    )
    return invitation_payload(invitation, code)


@transaction.atomic
def revoke(actor: Actor, room_id: str, invitation_id: str) -> None:
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    found = seat.room.invitations.filter(pk__in=known_uuids([invitation_id]))
    if not found.exists():
        raise InvitationNotFound
    uninvite(found)


def accept(actor: Actor, invitation_id: str) -> RoomPayload:
    limits.joins.take(actor.id)
    with transaction.atomic():
        member = _enter(access_invitation(actor, invitation_id, lock=True))
    return shown_room(member.room, member)


@transaction.atomic
def decline(actor: Actor, invitation_id: str) -> None:
    invited = access_invitation(actor, invitation_id, lock=True)
    uninvite(Invitation.objects.filter(pk=invited.invitation.pk))


def accept_link(actor: Actor, code: str) -> RoomPayload:
    """One use of the link, but none for a member."""
    limits.invitation_codes.take(actor.id)
    with transaction.atomic():
        member = _enter(access_link(actor, code, lock=True))
    return shown_room(member.room, member)


def _enter(invited: Invited) -> Membership:
    seat, invitation = invited
    if seat.membership is not None:
        return seat.membership
    by = str(invitation.inviter_id)
    event = notice("member.joined", seat.room, seat.user, invited_by=by)
    membership = make_member(seat.room, seat.user, event, by=seat.user)
    # A person's invitation is gone by now; the link's counts.
    Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
    return membership


def forget_expired() -> None:
    """Links that let nobody in any more."""
    Invitation.objects.filter(expires_at__lte=timezone.now()).delete()
