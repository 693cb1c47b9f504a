"""Inviting people into a room, one by one or by a link, and their answers.

A person's invitation stays until it is answered or taken back; a link expires. Only
the hash of a link's code is stored.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.actor import Actor
from core import limits
from core.errors import Conflict
from core.ids import known_uuids

from ..access.invitations import Invited, access_invitation, access_link
from ..access.people import find_person
from ..access.roles import check_add, check_invite, check_manage
from ..access.rooms import access_room
from ..announcements import tell
from ..errors import InvitationNotFound
from ..events import InvitationCreated
from ..models import Invitation, Membership
from ..payloads.invitations import (
    InvitationPayload,
    invitation_payload,
    received_invitation_payload,
)
from ..payloads.rooms import RoomPayload
from ..payloads.system_events import SystemMemberJoined
from ..queries.rooms import shown_room
from .memberships import make_member, uninvite


@transaction.atomic
def invite_person(
    actor: Actor, room_id: str, reference: str
) -> tuple[InvitationPayload, bool]:
    """Invite a person by id or username; False when they were invited already.

    Raises RoomNotFound, UserNotFound, Forbidden, or Conflict for a member.
    """
    limits.invitations.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    person = find_person(reference)
    check_add(seat, person)
    if Membership.objects.filter(room=seat.room, user=person).exists():
        raise Conflict("This person is a member already.")
    invitation, is_new = Invitation.objects.select_related("inviter").get_or_create(
        room=seat.room, person=person, defaults={"inviter": actor.user}
    )
    if is_new:
        tell(person.pk, InvitationCreated(received_invitation_payload(invitation)))
    return invitation_payload(invitation), is_new


@transaction.atomic
def make_link(
    actor: Actor, room_id: str, *, expires_in: int, max_uses: int | None
) -> InvitationPayload:
    """Make a link that is good for `expires_in` seconds; None: for any number of uses.

    The answer is the only place where its code is ever shown.
    """
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
    """Take back an invitation or a link. Raises InvitationNotFound."""
    limits.member_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_manage(seat)
    invitations = seat.room.invitations.filter(pk__in=known_uuids([invitation_id]))
    if not invitations.exists():
        raise InvitationNotFound
    uninvite(invitations)


def accept(actor: Actor, invitation_id: str) -> RoomPayload:
    """Come into the room that one was invited to. Raises InvitationNotFound."""
    limits.joins.take(actor.id)
    with transaction.atomic():
        member = _enter(access_invitation(actor, invitation_id, lock=True))
    return shown_room(member.room, member)


@transaction.atomic
def decline(actor: Actor, invitation_id: str) -> None:
    """Delete an invitation that one received. Raises InvitationNotFound."""
    invited = access_invitation(actor, invitation_id, lock=True)
    uninvite(Invitation.objects.filter(pk=invited.invitation.pk))


def accept_link(actor: Actor, code: str) -> RoomPayload:
    """Come in by a link, which counts as one use of it unless one is a member."""
    limits.invitation_codes.take(actor.id)
    with transaction.atomic():
        member = _enter(access_link(actor, code, lock=True))
    return shown_room(member.room, member)


def _enter(invited: Invited) -> Membership:
    """The membership of the invited person, who may have one already."""
    seat, invitation = invited
    if seat.membership is not None:
        return seat.membership
    event = SystemMemberJoined(str(seat.user.pk), str(invitation.inviter_id))
    membership = make_member(seat.room, seat.user, event, by=seat.user)
    # A person's invitation is deleted by now; a link counts its uses.
    Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
    return membership


def forget_expired() -> None:
    """Delete the links that have expired."""
    Invitation.objects.filter(expires_at__lte=timezone.now()).delete()
