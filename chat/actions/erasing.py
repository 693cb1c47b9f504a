"""Deleting many messages as one is deleted: blanked, each with a number of its room.

In batches, each its own transaction: a room is locked for a moment at a time, and who
reads it is told as it goes on.
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
# Between two batches of a room: its readers get everything that is deleted.
_PAUSE_SECONDS = 0.2


def blank(messages: Sequence[Message]) -> None:
    """What they said goes; the rows and their numbers stay. The caller records it."""
    Reaction.objects.filter(message__in=messages).delete()
    remove_attachments(Attachment.objects.filter(message__in=messages))
    for message in messages:
        message.body = ""
        message.mentions = []
        message.pinned_at = None
        message.deleted_at = timezone.now()


def erase(
    room_id: UUID, meant: Callable[[Room], Q], *, renew: Callable[[], None]
) -> None:
    """All messages of the room that are meant, the oldest first.

    `meant` is asked under the room's lock, for each batch anew. What raises in the
    middle leaves whole batches: to call it again is to go on.
    """
    last: int | None = 0
    while last is not None:
        renew()
        if last:
            time.sleep(_PAUSE_SECONDS)
        last = _erase_batch(room_id, meant, last)


@transaction.atomic
def _erase_batch(room_id: UUID, meant: Callable[[Room], Q], after: int) -> int | None:
    """The last one's `seq`; None when no more are there."""
    rooms = Room.objects.select_for_update(no_key=True)
    room = rooms.filter(pk=room_id).first()
    if room is None:
        return None
    rows = Message.objects.filter(meant(room), room=room, seq__gt=after)
    rows = rows.filter(kind=Message.Kind.USER, deleted_at=None)
    found = list(rows.order_by("seq")[:BATCH])
    if found:
        blank(found)
        record(room, found, "message.deleted")
    return found[-1].seq if len(found) == BATCH else None
