"""How far a person has read. The marker is theirs alone; their devices hear of it."""

from django.db import transaction

from accounts.actor import Actor
from core.bus import publisher
from core.bus.envelopes import ToPerson

from .. import queries
from ..access.rooms import access_own
from ..events import ReadUpdated, encode
from ..models import Membership
from ..payloads.rooms import ReadPayload


def mark_read(actor: Actor, room_id: str, seq: int) -> ReadPayload:
    """Everything up to `seq` is read. Never goes back: the further device counts."""
    return _mark(actor, room_id, seq, back=False)


def mark_unread(actor: Actor, room_id: str, seq: int) -> ReadPayload:
    """`seq` and what follows is unread again."""
    return _mark(actor, room_id, seq - 1, back=True)


def _mark(actor: Actor, room_id: str, seq: int, *, back: bool) -> ReadPayload:
    # Counted when the row is free again.
    read = queries.rooms.read_state(_move(actor, room_id, seq, back=back))
    event = ReadUpdated(room_id, read.read_seq, read.unread, read.mentions)
    envelope = ToPerson(str(actor.id), encode(event))
    transaction.on_commit(lambda: publisher.publish([envelope]))
    return read


@transaction.atomic
def _move(actor: Actor, room_id: str, seq: int, *, back: bool) -> Membership:
    mine = access_own(actor, room_id)
    wanted = max(0, min(seq, mine.room.head_seq))
    if wanted > mine.read_seq or back:
        mine.read_seq = wanted
        mine.save(update_fields=["read_seq"])
    return mine
