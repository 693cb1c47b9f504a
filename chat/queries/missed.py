"""The changes that many clients missed: each room is read once for all of them.

Only rooms with few changes are read so. catching_up.py chooses them.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models.expressions import RawSQL

from ..models import Message
from ..payloads.messages import MessagePayload
from .message_rows import message_payloads, whole

# The number that the client has that lacks the most, and the head of the room.
Gap = tuple[int, int]

# Databases limit the values of a query, and SQLite the most: 32,766.
_CHANGES_AT_ONCE = 5000

_MISSED = """
WITH gap (room, after, head) AS (VALUES {rows})
SELECT message.id FROM gap JOIN chat_message message
ON message.room_id = gap.room AND message.rev > gap.after AND message.rev <= gap.head
"""


class Log:
    """What was read of a room's log: all its changes above a number."""

    def __init__(self, after: int, messages: list[MessagePayload]) -> None:
        self.after = after
        self._messages = messages
        self._revs = [message.rev for message in messages]
        sizes = (len(msgspec.json.encode(message)) for message in messages)
        self._bytes_before = list(accumulate(sizes, initial=0))

    def above(self, after: int) -> tuple[list[MessagePayload], int]:
        """The changes above a higher number, and how many bytes they are."""
        first = bisect_right(self._revs, after)
        size = self._bytes_before[-1] - self._bytes_before[first]
        return self._messages[first:], size


def read_logs(gaps: dict[UUID, Gap]) -> dict[UUID, Log]:
    """The changes in each gap, by room."""
    logs: dict[UUID, Log] = {}
    for part in _parts(gaps):
        logs |= _read(part)
    return logs


def _parts(gaps: dict[UUID, Gap]) -> Iterator[dict[UUID, Gap]]:
    """Gaps that together have no more changes than one query should read."""
    part: dict[UUID, Gap] = {}
    size = 0
    for room, (after, head) in gaps.items():
        if part and size + head - after > _CHANGES_AT_ONCE:
            yield part
            part, size = {}, 0
        part[room] = after, head
        size += head - after
    if part:
        yield part


def _read(gaps: dict[UUID, Gap]) -> dict[UUID, Log]:
    to_db = Message._meta.get_field("room").get_db_prep_value
    rows = ", ".join(["(%s, %s, %s)"] * len(gaps))
    values = [
        value
        for room, gap in gaps.items()
        for value in (to_db(room, connection, prepared=False), *gap)
    ]
    found = Message.objects.filter(pk__in=RawSQL(_MISSED.format(rows=rows), values))  # noqa: S611
    messages: dict[str, list[MessagePayload]] = {str(room): [] for room in gaps}
    for message in message_payloads(whole(found.order_by("rev"))):
        messages[message.room].append(message)
    return {room: Log(after, messages[str(room)]) for room, (after, _) in gaps.items()}
