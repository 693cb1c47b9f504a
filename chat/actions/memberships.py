"""Joining and leaving. Both are system messages, so each has its place in the order."""

from django.db import transaction
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import User
from core import limits

from ..access.roles import check_join, check_leave
from ..access.rooms import access_room
from ..announcements import announce_joined, announce_left, tell
from ..events import InvitationDeleted
from ..log.append import say
from ..models import Invitation, Membership, Room
from ..payloads.rooms import RoomPayload
from ..payloads.system_events import SystemEvent, SystemMemberJoined, SystemMemberLeft
from ..queries.rooms import shown_room


def join_room(actor: Actor, room_id: str) -> RoomPayload:
    """Become a member of a public room; a member stays one.

    Raises RateLimited, RoomNotFound, or Forbidden for a room that is not joined so.
    """
    limits.joins.take(actor.id)
    with transaction.atomic():
        seat = access_room(actor, room_id, lock=True)
        check_join(seat)
        member = seat.membership
        if member is None:
            event = SystemMemberJoined(str(actor.id))
            member = make_member(seat.room, seat.user, event, by=seat.user)
    # Counted after the commit, so that the room's row is free again.
    return shown_room(member.room, member)


def make_member(
    room: Room, person: User, event: SystemEvent, *, by: User
) -> Membership:
    """Let a person into an existing room, whose log says so with `event`.

    The caller holds the room's row and has checked that the person may come in.
    """
    # Messages from before do not count as unread.
    membership = Membership.objects.create(
        room=room, user=person, read_seq=room.head_seq
    )
    say(room, event, by=by)
    uninvite(Invitation.objects.filter(room=room, person=person))
    announce_joined(room, membership)
    return membership


@transaction.atomic
def leave_room(actor: Actor, room_id: str) -> RoomPayload:
    """Stop being a member. The message that says so is the last that the leaver gets.

    Raises Forbidden for the last owner, who must hand the room over first.
    """
    limits.joins.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_leave(seat)
    if seat.membership is not None:
        event = SystemMemberLeft(str(actor.id))
        take_out(seat.room, seat.membership, event, by=seat.user)
    return shown_room(seat.room, None)


def take_out(room: Room, member: Membership, event: SystemEvent, *, by: User) -> None:
    """End a membership. `event` is the last message of the room that the person gets.

    The caller holds the room's row and has checked that the membership may end.
    """
    say(room, event, by=by)
    member.delete()
    announce_left(room, member.user_id)


def uninvite(invitations: QuerySet[Invitation]) -> None:
    """Delete these invitations. The caller holds the room's row, so no other comes."""
    for invitation in invitations:
        if invitation.person_id is not None:
            tell(invitation.person_id, InvitationDeleted(str(invitation.pk)))
    invitations.delete()
