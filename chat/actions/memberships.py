"""Joining and leaving. Each is a system message, so it has its place in the order."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import User
from core import limits
from core.bus import publisher
from core.bus.envelopes import ToPerson

from ..access.roles import (
    check_join,
    check_leave,
)
from ..access.rooms import access_room
from ..announcements import announce_joined, announce_left
from ..events import InvitationDeleted, encode
from ..log.append import say
from ..models import Invitation, Membership, Room
from ..payloads.rooms import RoomPayload
from ..queries.rooms import shown_room


def join_room(actor: Actor, room_id: str) -> RoomPayload:
    """Become a member of a public room; being one already is fine."""
    limits.joins.take(actor.id)
    member = _join(actor, room_id)
    return shown_room(member.room, member)


@transaction.atomic
def _join(actor: Actor, room_id: str) -> Membership:
    seat = access_room(actor, room_id, lock=True)
    check_join(seat)
    if seat.membership is not None:
        return seat.membership
    event = notice("member.joined", seat.room, actor.user)
    return make_member(seat.room, actor.user, event, by=actor.user)


def make_member(
    room: Room, person: User, event: dict[str, Any], *, by: User
) -> Membership:
    """How everybody comes into a room that is there; `event` says so in its log.

    The caller holds the room's row and has checked that they may.
    """
    # What was written before is not unread.
    membership = Membership.objects.create(
        room=room, user=person, read_seq=room.head_seq
    )
    say(room, event, by=by)
    uninvite(Invitation.objects.filter(room=room, person=person))
    announce_joined(room, membership)
    return membership


@transaction.atomic
def leave_room(actor: Actor, room_id: str) -> RoomPayload:
    """Stop being a member; the message that says so is the last that one receives.

    Raises Forbidden for the last owner, who must hand the room over first.
    """
    limits.joins.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_leave(seat)
    if seat.membership is None:
        return shown_room(seat.room, None)
    event = notice("member.left", seat.room, actor.user)
    take_out(seat.room, seat.membership, event, by=actor.user)
    return shown_room(seat.room, None)


def take_out(
    room: Room, member: Membership, event: dict[str, Any], *, by: User
) -> None:
    """How everybody goes; `event` is the last of the room that they receive.

    The caller holds the room's row and has checked that they may.
    """
    say(room, event, by=by)
    member.delete()
    announce_left(room, member.user_id)


def notice(kind: str, room: Room, user: User, **fields: str) -> dict[str, Any]:
    """It is always written, since order and eviction need it; `quiet` hides it."""
    event: dict[str, Any] = {"type": kind, "user": str(user.pk), **fields}
    return event if room.notices else {**event, "quiet": True}


def uninvite(invitations: QuerySet[Invitation]) -> None:
    """Delete them. The caller holds the room's row, so there comes none in between."""
    envelopes = [
        ToPerson(
            str(invitation.person_id), encode(InvitationDeleted(str(invitation.pk)))
        )
        for invitation in invitations
        if invitation.person_id is not None
    ]
    invitations.delete()
    if envelopes:
        transaction.on_commit(lambda: publisher.publish(envelopes))
