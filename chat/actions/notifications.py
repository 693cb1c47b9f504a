"""What a person wants to be told of in a room. Theirs alone, on all devices."""

from django.db import transaction

from accounts.actor import Actor

from ..access.rooms import access_own
from ..announcements import announce_added
from ..models import Membership
from ..payloads.rooms import RoomPayload
from ..queries.rooms import shown_room


def set_level(actor: Actor, room_id: str, level: str) -> RoomPayload:
    """`none` is for notifications: what is unread is counted all the same."""
    mine = _set(actor, room_id, level)
    return shown_room(mine.room, mine)


@transaction.atomic
def _set(actor: Actor, room_id: str, level: str) -> Membership:
    mine = access_own(actor, room_id)
    if mine.notify != level:
        mine.notify = level
        mine.save(update_fields=["notify"])
        announce_added(mine)
    return mine
