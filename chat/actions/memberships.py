"""Joining and leaving. Each is a system message, so it has its place in the order."""

from django.db import transaction

from accounts.models import User

from .. import broadcast
from ..access import access_room, check_join
from ..broadcast import ToPerson
from ..errors import Forbidden
from ..events import RoomRemoved, encode
from ..log import Draft, append_one
from ..models import Membership
from ..payloads import RoomPayload, room_payload
from .rooms import announce_added


@transaction.atomic
def join_room(user: User, room_id: str) -> RoomPayload:
    """Become a member of a public room; being one already is fine."""
    seat = access_room(user, room_id, lock=True)
    check_join(seat)
    if seat.membership is not None:
        return room_payload(seat.room, seat.membership)
    membership = Membership.objects.create(room=seat.room, user=user)
    append_one(Draft(room_id, user, event=_event("member.joined", user)))
    seat.room.refresh_from_db(fields=["head_seq"])
    return announce_added(seat.room, membership)


@transaction.atomic
def leave_room(user: User, room_id: str) -> RoomPayload:
    """Stop being a member; the message that says so is the last that one receives.

    Raises Forbidden for the last owner, who must hand the room over first.
    """
    seat = access_room(user, room_id, lock=True)
    if seat.membership is None:
        return room_payload(seat.room, None)
    if _is_last_owner(seat.membership):
        raise Forbidden("You are the only owner: make somebody else owner first.")
    append_one(Draft(room_id, user, event=_event("member.left", user)))
    seat.membership.delete()
    seat.room.refresh_from_db(fields=["head_seq"])
    envelope = ToPerson(str(user.pk), encode(RoomRemoved(str(seat.room.pk))))
    transaction.on_commit(lambda: broadcast.publish([envelope]))
    return room_payload(seat.room, None)


def _event(kind: str, user: User) -> dict[str, str]:
    return {"type": kind, "user": str(user.pk)}


def _is_last_owner(membership: Membership) -> bool:
    owners = Membership.objects.filter(
        room=membership.room_id, role=Membership.Role.OWNER
    )
    others = owners.exclude(pk=membership.pk)
    return membership.role == Membership.Role.OWNER and not others.exists()
