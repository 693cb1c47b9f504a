"""Deleting many messages in the way of one: blanked, each with a number of its room.

Each batch is its own transaction, so that the room is locked for a moment at a time and
its readers are told as the work goes on.
"""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..log.append import record
from ..models import Attachment, Message, Reaction, Room
from .attachments import remove_attachments

BATCH = 100
# Between two batches of a room, since its readers are sent every deleted message.
_PAUSE_SECONDS = 0.2


def blank(messages: Sequence[Message]) -> None:
    """Empty these messages, without saving: the caller does so with `record`."""
    Reaction.objects.filter(message__in=messages).delete()
    remove_attachments(Attachment.objects.filter(message__in=messages))
    for message in messages:
        message.body = ""
        message.mentions = []
        message.pinned_at = None
        message.deleted_at = timezone.now()


def erase(
    room_id: UUID, condition: Callable[[Room], Q], *, renew: Callable[[], None]
) -> None:
    """Delete the messages of the room that fulfil a condition, the oldest first.

    `condition` is called under the room's lock, anew for each batch. `renew` is called
    before each batch and may raise; then whole batches are done, and calling this again
    goes on.
    """
    last: int | None = 0
    while last is not None:
        renew()
        if last:
            time.sleep(_PAUSE_SECONDS)
        last = _erase_batch(room_id, condition, last)


@transaction.atomic
def _erase_batch(
    room_id: UUID, condition: Callable[[Room], Q], after: int
) -> int | None:
    """The `seq` of the last message that was deleted; None when no more are left."""
    rooms = Room.objects.select_for_update(no_key=True)
    room = rooms.filter(pk=room_id).first()
    if room is None:
        return None
    rows = Message.objects.filter(condition(room), room=room, seq__gt=after)
    rows = rows.filter(kind=Message.Kind.USER, deleted_at=None)
    batch = list(rows.order_by("seq")[:BATCH])
    if batch:
        blank(batch)
        record(room, batch, "message.deleted")
    return batch[-1].seq if len(batch) == BATCH else None
