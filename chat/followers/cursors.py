"""The cursors of followers: which rooms have something new, and up to where it is done.

A cursor is read and moved without a lock on its room. Numbers of a room commit in
order, so everything up to the `head_seq` that was read is there to be delivered.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from core.ids import known_uuids

from ..models import Cursor, FollowerStart, Message, Room
from .follower import Batch

MAX_ROOMS = 100
MAX_MESSAGES = 100
# Between two attempts of a delivery: after its first failure, and after many.
FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 900

_AT_THE_HEADS = """
INSERT INTO chat_cursor (follower, room_id, epoch, rev, failures)
SELECT %s, id, epoch, head_seq, 0 FROM chat_room
"""


def begin(follower: str) -> None:
    """Let a new follower start at the present head of every room that there is.

    A room that is made later has no cursor, and is followed from its first message.
    """
    if FollowerStart.objects.filter(pk=follower).exists():
        return
    with transaction.atomic(), connection.cursor() as sql:
        # Of two processes at this the second one fails here, and finds it done.
        FollowerStart.objects.create(follower=follower, began_at=Now())
        sql.execute(_AT_THE_HEADS, [follower])


def behind(
    follower: str, *, among: Iterable[str] | None = None, after: UUID | None = None
) -> list[Cursor]:
    """The first rooms, by id, in which the follower has something to be delivered.

    At most MAX_ROOMS, `among` these rooms and with ids above `after`. Rooms that wait
    for another attempt are left out. A full list means that there may be more.

    Two indexes in the order of the rooms' ids answer it: with 100,000 rooms it takes
    0.1 s to look at all of them, and 1 ms for a hundred that are named.
    """
    own = Cursor.objects.filter(follower=follower, room=OuterRef("pk"))
    is_done = Q(rev__gte=OuterRef("head_seq"), epoch=OuterRef("epoch"))
    # "Not one that is done" also finds rooms without a cursor, with one index.
    rooms = Room.objects.filter(
        ~Exists(own.filter(is_done | Q(retry_at__gt=Now()))), head_seq__gt=0
    )
    if among is not None:
        rooms = rooms.filter(pk__in=known_uuids(among))
    if after is not None:
        rooms = rooms.filter(pk__gt=after)
    return _cursors(follower, list(rooms.order_by("pk")[:MAX_ROOMS]))


def _cursors(follower: str, rooms: list[Room]) -> list[Cursor]:
    found = Cursor.objects.filter(follower=follower, room__in=rooms)
    by_room = {cursor.room_id: cursor for cursor in found}
    young = [room for room in rooms if room.pk not in by_room]
    for cursor in Cursor.objects.bulk_create(
        Cursor(follower=follower, room=room, epoch=room.epoch) for room in young
    ):
        by_room[cursor.room_id] = cursor
    for room in rooms:
        by_room[room.pk].room = room
    return [by_room[room.pk] for room in rooms]


def read(cursor: Cursor) -> Batch:
    """The next changed messages of the cursor's room, at most MAX_MESSAGES.

    An epoch begins when a backup was restored, which brought back the cursor together
    with the log; so the cursor is still right. If it is above the head all the same,
    its number belongs to a history that is gone: the batch is empty and ends at the
    head, and so the cursor comes down to it.
    """
    room = cursor.room
    rows = Message.objects.whole().filter(
        room=room, rev__gt=cursor.rev, rev__lte=room.head_seq
    )
    messages = list(rows.order_by("rev")[:MAX_MESSAGES])
    is_full = len(messages) == MAX_MESSAGES
    return Batch(room, messages, messages[-1].rev if is_full else room.head_seq)


def save(cursor: Cursor, batch: Batch) -> None:
    """Move the cursor behind a batch that was delivered.

    Only from where it was read: a process that slept through its lease must not put
    back the cursor of the one that took over.
    """
    _unmoved(cursor).update(
        rev=batch.upto, epoch=batch.room.epoch, failures=0, retry_at=None
    )


def put_off(cursor: Cursor) -> None:
    """Leave the cursor where it is, for a while that doubles with each failure."""
    doubled = FIRST_PAUSE_SECONDS * 2 ** min(cursor.failures, 10)
    pause = timedelta(seconds=min(doubled, LONGEST_PAUSE_SECONDS))
    _unmoved(cursor).update(failures=F("failures") + 1, retry_at=Now() + pause)


def _unmoved(cursor: Cursor) -> QuerySet[Cursor]:
    return Cursor.objects.filter(pk=cursor.pk, rev=cursor.rev, epoch=cursor.epoch)
