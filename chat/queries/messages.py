"""A room's log: pages of it, and the changes above a number."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db.models import BigIntegerField, Exists, Q, QuerySet, UUIDField

from accounts.actor import Actor
from core.compiled import CompiledQuery, Given, compiled
from core.limits.table import DEFAULT_PAGE, MAX_RECOVERED, MAX_REPLY_BYTES

from ..access.rooms import access_room
from ..access.visibility import check_read
from ..errors import MessageNotFound
from ..models import Message, Room
from ..payloads.messages import HistoryPayload, MessagePayload
from .message_rows import Row, Rows, message_payloads, whole

_CURSOR = Given("cursor", BigIntegerField())
# Above the number of any message. A column takes no number above twice this one.
_END = 2**62


def history(
    actor: Actor,
    room_id: str,
    *,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = DEFAULT_PAGE,
) -> HistoryPayload:
    """A page of the room's log, by at most one of the cursors; by none, the newest.

    `before` and `after` exclude their message, `around` includes it. Long messages make
    a page shorter than `limit`: it has MAX_REPLY_BYTES at most. Raises RoomNotFound or
    Forbidden.
    """
    seat = access_room(actor, room_id)
    check_read(seat)
    if around is not None:
        return _around(seat.room, min(around, _END), limit)
    if after is not None:
        page = _beside(_newer(), seat.room, min(after, _END), limit)
        return HistoryPayload(page.messages, page.has_behind, page.goes_on)
    before = _END if before is None else min(before, _END)
    page = _beside(_older(), seat.room, before, limit)
    return HistoryPayload(page.messages[::-1], page.goes_on, page.has_behind)


def one_message(actor: Actor, room_id: str, seq: int) -> MessagePayload:
    """One message of a room. Raises RoomNotFound, Forbidden or MessageNotFound."""
    seat = access_room(actor, room_id)
    check_read(seat)
    rows = _numbered().rows(room=seat.room.pk, cursor=min(seq, _END))
    if not rows:
        raise MessageNotFound
    return message_payloads(rows)[0]


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes above a number, by `rev`; None when they are too many."""

    epoch: str
    head_seq: int
    messages: list[MessagePayload] | None


def changes(room_id: str, after: int) -> Changes:
    """For the hub, which checks the access of its readers itself."""
    room = Room.objects.get(pk=room_id)
    missed = changes_up_to(room.pk, after, room.head_seq)
    return Changes(room.epoch, room.head_seq, missed)


def changes_up_to(
    room_id: UUID,
    after: int,
    head: int,
    limit: int = MAX_RECOVERED,
    max_bytes: int = MAX_REPLY_BYTES,
) -> list[MessagePayload] | None:
    """The messages with `rev` in (after, head], or None when they are too many."""
    if after == head:
        return []
    # Counted, since many numbers may be few rows: a message changed ten times is one.
    rows = _changed().rows(limit + 1, room=room_id, cursor=after, head=head)
    if len(rows) > limit:
        return None
    payloads = message_payloads(rows)
    return None if bytes_of(payloads) > max_bytes else payloads


class _Beside(NamedTuple):
    """Messages on one side of a cursor, the nearest first.

    `goes_on`: there are more on this side; `has_behind`: there are some on the other.
    The database says so, since not every number belongs to a message.
    """

    messages: list[MessagePayload]
    goes_on: bool
    has_behind: bool


def _beside(
    side: CompiledQuery[Row],
    room: Room,
    cursor: int,
    limit: int,
    max_bytes: int = MAX_REPLY_BYTES,
) -> _Beside:
    rows = side.rows(limit + 1, room=room.pk, cursor=cursor)
    messages = _within(message_payloads(rows[:limit]), max_bytes)
    # Without a row on this side, any message of the room is on the other.
    behind = rows[0][-1] if rows else Message.objects.filter(room=room).exists()
    return _Beside(messages, len(rows) > len(messages), behind)


@compiled
def _older() -> Rows:
    behind = Exists(_of_room().filter(seq__gte=_CURSOR))
    rows = _of_room().filter(seq__lt=_CURSOR).annotate(behind=behind)
    return whole(rows.order_by("-seq"), "behind")


@compiled
def _newer() -> Rows:
    behind = Exists(_of_room().filter(seq__lte=_CURSOR))
    rows = _of_room().filter(seq__gt=_CURSOR).annotate(behind=behind)
    return whole(rows.order_by("seq"), "behind")


@compiled
def _numbered() -> Rows:
    return whole(_of_room().filter(seq=_CURSOR))


@compiled
def _changed() -> Rows:
    since = Q(rev__gt=_CURSOR, rev__lte=Given("head", BigIntegerField()))
    return whole(_of_room().filter(since).order_by("rev"))


def _of_room() -> QuerySet[Message]:
    return Message.objects.filter(room=Given("room", UUIDField()))


def newest(room: Room, head: int, limit: int, max_bytes: int) -> list[MessagePayload]:
    """The last messages up to the number `head`, as many as both limits allow."""
    return _beside(_older(), room, head + 1, limit, max_bytes).messages[::-1]


def _around(room: Room, around: int, limit: int) -> HistoryPayload:
    half = MAX_REPLY_BYTES // 2
    older = _beside(_older(), room, around, limit // 2, half)
    left = limit - len(older.messages)
    newer = _beside(_newer(), room, around - 1, left, half)
    messages = older.messages[::-1] + newer.messages
    return HistoryPayload(messages, older.goes_on, newer.goes_on)


def bytes_of(payloads: Iterable[MessagePayload]) -> int:
    return sum(len(msgspec.json.encode(payload)) for payload in payloads)


def _within(payloads: list[MessagePayload], max_bytes: int) -> list[MessagePayload]:
    """The first ones that fit together. One message always fits."""
    if len(msgspec.json.encode(payloads)) <= max_bytes:
        return payloads
    sizes = accumulate(bytes_of([payload]) for payload in payloads)
    fitting = list(takewhile(lambda size: size <= max_bytes, sizes))
    return payloads[: len(fitting)]
