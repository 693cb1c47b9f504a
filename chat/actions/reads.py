"""How far a person has read. The marker is theirs alone; their devices hear of it."""

from django.db import transaction

from accounts.models import User
from accounts.standing import current

from .. import broadcast, queries
from ..access.rooms import access_room
from ..access.visibility import check_member
from ..broadcast import ToPerson
from ..events import ReadUpdated, encode
from ..models import Membership
from ..payloads import ReadPayload


def mark_read(user: User, room_id: str, seq: int) -> ReadPayload:
    """Everything up to `seq` is read. Never goes back: the further device counts."""
    return _mark(user, room_id, seq, back=False)


def mark_unread(user: User, room_id: str, seq: int) -> ReadPayload:
    """`seq` and what follows is unread again."""
    return _mark(user, room_id, seq - 1, back=True)


@transaction.atomic
def _mark(user: User, room_id: str, seq: int, *, back: bool) -> ReadPayload:
    seat = access_room(current(user), room_id)
    check_member(seat)
    membership = Membership.objects.select_for_update().get(room=seat.room, user=user)
    wanted = max(0, min(seq, seat.room.head_seq))
    if wanted > membership.read_seq or back:
        membership.read_seq = wanted
        membership.save(update_fields=["read_seq"])
    read = queries.rooms.read_state(membership)
    event = ReadUpdated(room_id, read.read_seq, read.unread, read.mentions)
    envelope = ToPerson(str(user.pk), encode(event))
    transaction.on_commit(lambda: broadcast.publish([envelope]))
    return read
