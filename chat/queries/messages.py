"""A room's log: pages of it, and the changes above a number."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, takewhile
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from accounts.actor import Actor
from core.limits.table import DEFAULT_PAGE, MAX_RECOVERED, MAX_REPLY_BYTES

from ..access.rooms import access_message, access_room
from ..access.visibility import check_read
from ..models import Message, Room
from ..payloads.messages import HistoryPayload, MessagePayload, message_payload


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
        return _around(seat.room, around, limit)
    if after is not None:
        return _page(seat.room, _after(seat.room, after, limit), gap=after + 1)
    return _page(seat.room, _before(seat.room, before, limit), gap=before or 0)


def one_message(actor: Actor, room_id: str, seq: int) -> MessagePayload:
    """One message of a room. Raises RoomNotFound, Forbidden or MessageNotFound."""
    return message_payload(access_message(actor, room_id, seq))


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes above a number, by `rev`; None when they are too many."""

    epoch: str
    head_seq: int
    messages: list[MessagePayload] | None


def changes(room_id: str, after: int) -> Changes:
    """For the hub, which checks the access of its readers itself."""
    room = Room.objects.get(pk=room_id)
    missed = _changes(room.pk, after, room.head_seq)
    return Changes(room.epoch, room.head_seq, missed)


def _changes(
    room_id: UUID,
    after: int,
    head: int,
    limit: int = MAX_RECOVERED,
    max_bytes: int = MAX_REPLY_BYTES,
) -> list[MessagePayload] | None:
    """The messages with `rev` in (after, head], or None when they are too many."""
    if after == head:
        return []
    rows = _messages(Q(room_id=room_id, rev__gt=after, rev__lte=head))
    # Counted, since many numbers may be few rows: a message changed ten times is one.
    if head - after > limit and rows.count() > limit:
        return None
    payloads = [message_payload(message) for message in rows.order_by("rev")]
    return None if _bytes(payloads) > max_bytes else payloads


def _before(
    room: Room, before: int | None, limit: int, max_bytes: int = MAX_REPLY_BYTES
) -> list[MessagePayload]:
    condition = Q(room=room) if before is None else Q(room=room, seq__lt=before)
    rows = _messages(condition).order_by("-seq")[:limit]
    return _within([message_payload(message) for message in rows], max_bytes)[::-1]


def _after(
    room: Room, after: int, limit: int, max_bytes: int = MAX_REPLY_BYTES
) -> list[MessagePayload]:
    rows = _messages(Q(room=room, seq__gt=after)).order_by("seq")[:limit]
    return _within([message_payload(message) for message in rows], max_bytes)


def _around(room: Room, around: int, limit: int) -> HistoryPayload:
    half = MAX_REPLY_BYTES // 2
    older = _before(room, around, limit // 2, half)
    newer = _after(room, around - 1, limit - len(older), half)
    return _page(room, older + newer, gap=around)


def _page(room: Room, messages: list[MessagePayload], *, gap: int) -> HistoryPayload:
    """An empty page lies before the number `gap`, with messages on both sides perhaps.

    The database is asked for these: numbers alone do not tell, since not every number
    belongs to a message.
    """
    first = messages[0].seq if messages else gap
    last = messages[-1].seq if messages else gap - 1
    stored = Message.objects.filter(room=room)
    return HistoryPayload(
        messages,
        has_before=stored.filter(seq__lt=first).exists(),
        has_after=stored.filter(seq__gt=last).exists(),
    )


def _messages(condition: Q) -> QuerySet[Message]:
    return Message.objects.filter(condition).whole()


def _bytes(payloads: Iterable[MessagePayload]) -> int:
    return sum(len(msgspec.json.encode(payload)) for payload in payloads)


def _within(payloads: list[MessagePayload], max_bytes: int) -> list[MessagePayload]:
    """The first ones that fit together. One message always fits."""
    sizes = accumulate(_bytes([payload]) for payload in payloads)
    fitting = list(takewhile(lambda size: size <= max_bytes, sizes))
    return payloads[: len(fitting)]
