"""A room's log: pages of it, and what somebody missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet

from accounts.actor import Actor, has_account
from core.errors import Refusal
from core.ids import known_uuids
from core.limits.table import DEFAULT_PAGE, MAX_RECOVERED, MAX_REPLY_BYTES

from .. import presence
from ..access.rooms import access_message, access_room
from ..access.seat import Seat, seats
from ..access.visibility import check_read, may_see
from ..errors import RoomNotFound
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
    """A page of the room's log, at most one of the cursors; the newest without any.

    `before` and `after` exclude their message, `around` includes it. Fewer than `limit`
    messages come when they are long: MAX_REPLY_BYTES.
    """
    seat = access_room(actor, room_id)
    check_read(seat)
    if around is not None:
        return _around(seat.room, around, limit)
    if after is not None:
        return _page(seat.room, _after(seat.room, after, limit), gap=after + 1)
    return _page(seat.room, _before(seat.room, before, limit), gap=before or 0)


def message(actor: Actor, room_id: str, seq: int) -> MessagePayload:
    """One message of a room. Raises RoomNotFound, Forbidden or MessageNotFound."""
    return message_payload(access_message(actor, room_id, seq))


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a client stopped in one room; no `after`: it only wants what comes."""

    room: str
    after: int | None = None
    epoch: str | None = None
    history: int = 0


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything that changed since, or `recovered` is False: it is too much.

    None when no `after` was given. Never a part of what was missed.
    """

    room: str
    epoch: str
    head_seq: int
    recovered: bool | None
    messages: list[MessagePayload]
    online: list[str]


def catch_up(actor: Actor, resumes: Sequence[Resume]) -> dict[str, CaughtUp | Refusal]:
    """For each room what its resuming reader missed, or why not."""
    found = seats(actor, known_uuids([resume.room for resume in resumes]))
    seat_of = {str(seat.room.pk): seat for seat in found}
    mine = [pk for pk, seat in seat_of.items() if seat.membership and may_see(seat)]
    online = presence.online_in(mine) if has_account(actor) else {}
    answers: dict[str, CaughtUp | Refusal] = {}
    # One reply carries all rooms: what the first ones need, the last ones lack.
    left = MAX_RECOVERED
    bytes_left = MAX_REPLY_BYTES
    for resume in resumes:
        try:
            seat = seat_of.get(resume.room)
            here = online.get(resume.room, [])
            answer = _catch_up(seat, resume, left, bytes_left, here)
            left -= len(answer.messages)
            bytes_left -= _bytes(answer.messages)
            answers[resume.room] = answer
        except Refusal as refusal:
            answers[resume.room] = refusal
    return answers


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes above a number, by `rev`; None when they are too many."""

    epoch: str
    head_seq: int
    messages: list[MessagePayload] | None


def changes(room_id: str, after: int) -> Changes:
    """For the hub, which serves many people: their access is checked elsewhere."""
    room = Room.objects.get(pk=room_id)
    found = _changes(room.pk, after, room.head_seq)
    return Changes(room.epoch, room.head_seq, found)


def _catch_up(
    seat: Seat | None, resume: Resume, limit: int, max_bytes: int, online: list[str]
) -> CaughtUp:
    if seat is None:
        raise RoomNotFound
    check_read(seat)
    epoch, head = seat.room.epoch, seat.room.head_seq
    if resume.after is None:
        # Not above `head`: what is, comes as an event.
        wanted = min(resume.history, limit)
        page = _before(seat.room, head + 1, wanted, max_bytes) if wanted else []
        return CaughtUp(resume.room, epoch, head, None, page, online)
    found: list[MessagePayload] | None = None
    if resume.epoch in (None, epoch) and resume.after <= head:
        found = _changes(seat.room.pk, resume.after, head, limit, max_bytes)
    return CaughtUp(resume.room, epoch, head, found is not None, found or [], online)


def _changes(
    room_id: UUID,
    after: int,
    head: int,
    limit: int = MAX_RECOVERED,
    max_bytes: int = MAX_REPLY_BYTES,
) -> list[MessagePayload] | None:
    """`rev` in (after, head], or None. What is above `head` comes as an event."""
    if after == head:
        return []
    if head - after > limit and not _fits(room_id, after, head, limit):
        return None
    rows = _messages(Q(room_id=room_id, rev__gt=after, rev__lte=head))
    payloads = [message_payload(message) for message in rows.order_by("rev")]
    return None if _bytes(payloads) > max_bytes else payloads


def _fits(room_id: UUID, after: int, head: int, limit: int) -> bool:
    """Many numbers may be few rows: a message changed ten times is one."""
    rows = Message.objects.filter(room_id=room_id, rev__gt=after, rev__lte=head)
    return rows.count() <= limit


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
    """An empty page lies before the number `gap`: there may be messages on its sides.

    Numbers of changes that made no message lie between: ask, do not compute.
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
    """The first ones that fit together; one always does."""
    sizes = accumulate(_bytes([payload]) for payload in payloads)
    fitting = list(takewhile(lambda size: size <= max_bytes, sizes))
    return payloads[: len(fitting)]
