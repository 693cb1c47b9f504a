"""Invitations: those of a room, those of a person, and the room behind a link."""

from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor

from ..access.invitations import access_link
from ..access.roles import check_manage
from ..access.rooms import access_room
from ..models import Invitation
from ..payloads.invitations import (
    InvitationPayload,
    InvitationPreviewPayload,
    ReceivedInvitationPayload,
    invitation_payload,
    invited_room_payload,
    received_invitation_payload,
)
from ..payloads.people import user_payload


def invitations(actor: Actor, room_id: str) -> list[InvitationPayload]:
    """The open ones of a room, the oldest first; for those who can revoke them.

    Raises RoomNotFound or Forbidden.
    """
    seat = access_room(actor, room_id)
    check_manage(seat)
    is_open = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    rows = seat.room.invitations.filter(is_open).select_related("inviter", "person")
    return [invitation_payload(invitation) for invitation in rows.order_by("pk")]


def received(actor: Actor) -> list[ReceivedInvitationPayload]:
    """Those that this person can accept, the oldest first."""
    rows = Invitation.objects.filter(person=actor.user, room__archived_at=None)
    if not actor.user.is_staff:
        rows = rows.filter(room__staff_only=False)
    rows = rows.select_related("room", "inviter").order_by("pk")
    return [received_invitation_payload(invitation) for invitation in rows]


def preview(actor: Actor, code: str) -> InvitationPreviewPayload:
    """The room that a link's code leads to, before it is joined.

    The door takes from the rate limit of codes. Raises InvitationNotFound.
    """
    seat, invitation = access_link(actor, code)
    return InvitationPreviewPayload(
        room=invited_room_payload(seat.room),
        member_count=seat.room.memberships.count(),
        inviter=user_payload(invitation.inviter),
        expires_at=invitation.expires_at,
    )
