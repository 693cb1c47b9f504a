"""How far a person has read. Only they know, and their devices are told."""

from django.db import transaction

from accounts.actor import Actor

from .. import queries
from ..access.rooms import access_own
from ..announcements import tell
from ..events import ReadUpdated
from ..payloads.rooms import ReadPayload


def mark_read(actor: Actor, room_id: str, seq: int) -> ReadPayload:
    """Mark everything up to `seq` as read.

    It never goes back, since another device may be further. Raises RoomNotFound, or
    Forbidden for somebody who is no member.
    """
    return _mark(actor, room_id, seq, back=False)


def mark_unread(actor: Actor, room_id: str, seq: int) -> ReadPayload:
    """Mark `seq` and everything after it as unread. Raises the same."""
    return _mark(actor, room_id, seq - 1, back=True)


def _mark(actor: Actor, room_id: str, seq: int, *, back: bool) -> ReadPayload:
    with transaction.atomic():
        mine = access_own(actor, room_id)
        read_seq = max(0, min(seq, mine.room.head_seq))
        if read_seq > mine.read_seq or back:
            mine.read_seq = read_seq
            mine.save(update_fields=["read_seq"])
    # Counted after the commit, so that the row is free again.
    read = queries.rooms.read_state(mine)
    tell(actor.id, ReadUpdated(room_id, read.read_seq, read.unread, read.mentions))
    return read
