"""What a person wants to be told of in a room. Theirs alone, on all devices."""

from django.db import transaction

from accounts.models import User

from ..access.rooms import access_room
from ..access.visibility import check_member
from ..models import Membership
from ..payloads import RoomPayload
from ..queries.rooms import shown_room
from .announcements import announce_added


@transaction.atomic
def set_level(user: User, room_id: str, level: str) -> RoomPayload:
    """`none` is for notifications: what is unread is counted all the same."""
    seat = access_room(user, room_id, lock=True)
    check_member(seat)
    membership = Membership.objects.get(room=seat.room, user=user)
    if membership.notify == level:
        return shown_room(seat.room, membership)
    membership.notify = level
    membership.save(update_fields=["notify"])
    return announce_added(seat.room, membership)
