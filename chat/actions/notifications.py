"""The notification level of a person in a room, the same on all of their devices."""

from django.db import transaction

from accounts.actor import Actor

from ..access.rooms import access_own
from ..announcements import announce_added
from ..payloads.rooms import RoomPayload
from ..queries.rooms import shown_room


def set_level(actor: Actor, room_id: str, level: str) -> RoomPayload:
    """Set "all", "mentions" or "none"; unread messages are counted all the same.

    Raises RoomNotFound, or Forbidden for somebody who is no member.
    """
    with transaction.atomic():
        mine = access_own(actor, room_id)
        if mine.notify != level:
            mine.notify = level
            mine.save(update_fields=["notify"])
            announce_added(mine)
    return shown_room(mine.room, mine)
