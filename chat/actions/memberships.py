"""Joining and leaving. Each is a system message, so it has its place in the order."""

from contextlib import suppress
from typing import Any

from django.db import transaction

from accounts.models import User

from ..access import access_named, access_room, check_join, check_leave
from ..errors import Conflict, RoomNotFound
from ..log import Draft, append_one
from ..models import Membership, Room
from ..payloads import RoomPayload
from ..queries.rooms import shown_room
from .announcements import announce_joined, announce_left
from .rooms import create_room


@transaction.atomic
def join_room(user: User, room_id: str) -> RoomPayload:
    """Become a member of a public room; being one already is fine."""
    seat = access_room(user, room_id, lock=True)
    check_join(seat)
    if seat.membership is not None:
        return shown_room(seat.room, seat.membership)
    # What was written before is not unread.
    membership = Membership.objects.create(
        room=seat.room, user=user, read_seq=seat.room.head_seq
    )
    append_one(Draft(room_id, user, event=_event("member.joined", seat.room, user)))
    seat.room.refresh_from_db(fields=["head_seq"])
    return announce_joined(seat.room, membership)


@transaction.atomic
def leave_room(user: User, room_id: str) -> RoomPayload:
    """Stop being a member; the message that says so is the last that one receives.

    Raises Forbidden for the last owner, who must hand the room over first.
    """
    seat = access_room(user, room_id, lock=True)
    if seat.membership is None:
        return shown_room(seat.room, None)
    check_leave(seat)
    append_one(Draft(room_id, user, event=_event("member.left", seat.room, user)))
    seat.membership.delete()
    seat.room.refresh_from_db(fields=["head_seq"])
    announce_left(seat.room, user.pk)
    return shown_room(seat.room, None)


def get_or_create_room(
    user: User, *, name: str, **fields: Any
) -> tuple[RoomPayload, bool]:
    """Make a public room on the first visit, join it on later ones; True when made.

    Raises Conflict when the room of this name is not for this person.
    """
    with suppress(RoomNotFound):
        return _join_named(user, name), False
    try:
        return create_room(user, name=name, **fields), True
    except Conflict:
        # Somebody made it at this moment, or it is hidden.
        with suppress(RoomNotFound):
            return _join_named(user, name), False
        raise


def _join_named(user: User, name: str) -> RoomPayload:
    return join_room(user, str(access_named(user, name).room.pk))


def _event(kind: str, room: Room, user: User) -> dict[str, Any]:
    """It is always written, since order and eviction need it; `quiet` hides it."""
    event: dict[str, Any] = {"type": kind, "user": str(user.pk)}
    return event if room.notices else {**event, "quiet": True}
