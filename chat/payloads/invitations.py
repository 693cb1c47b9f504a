"""Wire shapes of invitations, which show of the room as much as an outsider may see.

The builders make no query: load the inviter, the person and the room first.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from ..models import Invitation, Room
from .people import Time, UserPayload, user_payload


class InvitationPayload(msgspec.Struct, frozen=True):
    """As those see it who manage the room. Without a `person` it is a link; its `code`
    is in the answer that made it and nowhere else."""

    id: str
    room: str
    inviter: UserPayload
    person: UserPayload | None
    max_uses: int | None
    uses: int
    expires_at: Time | None
    created_at: Time
    code: str | UnsetType = UNSET


class InvitedRoomPayload(msgspec.Struct, frozen=True):
    """What somebody may know of a room before they are in it."""

    id: str
    kind: Literal["public", "private", "direct", "group"]
    name: str
    topic: str


class ReceivedInvitationPayload(msgspec.Struct, frozen=True):
    """As the person who is invited sees it."""

    id: str
    room: InvitedRoomPayload
    inviter: UserPayload
    created_at: Time


class InvitationPreviewPayload(msgspec.Struct, frozen=True):
    """What a link leads to, for whoever has its code."""

    room: InvitedRoomPayload
    member_count: int
    inviter: UserPayload
    expires_at: Time | None


def invitation_payload(
    invitation: Invitation, code: str | UnsetType = UNSET
) -> InvitationPayload:
    person = invitation.person
    return InvitationPayload(
        id=str(invitation.pk),
        room=str(invitation.room_id),
        inviter=user_payload(invitation.inviter),
        person=user_payload(person) if person else None,
        max_uses=invitation.max_uses,
        uses=invitation.uses,
        expires_at=invitation.expires_at,
        created_at=invitation.created_at,
        code=code,
    )


def invited_room_payload(room: Room) -> InvitedRoomPayload:
    return InvitedRoomPayload(
        id=str(room.pk),
        kind=room.kind,  # type: ignore[arg-type]  # the column's choices
        name=room.name,
        topic=room.topic,
    )


def received_invitation_payload(invitation: Invitation) -> ReceivedInvitationPayload:
    return ReceivedInvitationPayload(
        id=str(invitation.pk),
        room=invited_room_payload(invitation.room),
        inviter=user_payload(invitation.inviter),
        created_at=invitation.created_at,
    )
