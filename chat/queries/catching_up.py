"""What clients missed while they were away, for many clients at once.

Clients that come back together ask for the same rooms. So every room is read once for
all of them, and each client gets its part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.actor import Actor, has_account
from core.errors import Refusal
from core.ids import known_uuids
from core.limits.table import MAX_RECOVERED, MAX_REPLY_BYTES

from .. import presence
from ..access.seat import Seat
from ..access.seating import seat_all
from ..access.visibility import check_read, may_see
from ..errors import RoomNotFound
from ..payloads.messages import MessagePayload
from .messages import bytes_of, changes_up_to, newest
from .missed import Gap, Log, read_logs


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a client stopped in one room. Without `after` it only wants what comes."""

    room: str
    after: int | None = None
    epoch: str | None = None
    history: int = 0


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """All that changed since the client stopped, or nothing of it: never a part.

    `recovered` says which; it is None when no `after` was given.
    """

    room: str
    epoch: str
    head_seq: int
    recovered: bool | None
    messages: list[MessagePayload]
    online: list[str]


Answers = dict[str, CaughtUp | Refusal]
# Whoever comes back, and where they stopped in each of their rooms.
Returner = tuple[Actor, Sequence[Resume]]
# One client's seats, by the id of the room.
Seats = dict[str, Seat]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for all clients together, by the id of the room."""

    online: dict[str, list[str]]
    logs: dict[UUID, Log]


def catch_up(returners: Sequence[Returner]) -> list[Answers]:
    """For each client and room what its reader missed, or why they are not told."""
    seats = _seats(returners)
    read = _Read(_online(seats), read_logs(_gaps(returners, seats)))
    return [
        _answers(resumes, own, read)
        for (_, resumes), own in zip(returners, seats, strict=True)
    ]


def _seats(returners: Iterable[Returner]) -> list[Seats]:
    wanted = [
        (actor, known_uuids({resume.room for resume in resumes}))
        for actor, resumes in returners
    ]
    found = iter(seat_all([(actor, room) for actor, ids in wanted for room in ids]))
    return [
        {str(seat.room.pk): seat for _ in ids if (seat := next(found)) is not None}
        for _, ids in wanted
    ]


def _online(seats: Iterable[Seats]) -> dict[str, list[str]]:
    """The people who are online in the rooms that clients see as members."""
    rooms = {
        room
        for own in seats
        for room, seat in own.items()
        if seat.membership and has_account(seat.actor) and may_see(seat)
    }
    return presence.online_in(rooms) if rooms else {}


def _gaps(returners: Iterable[Returner], seats: Iterable[Seats]) -> dict[UUID, Gap]:
    """The stretches to read, each from above a number up to the head of its room.

    A client's gaps are among them while they are small enough together: a number may be
    less than a message, and never more.
    """
    gaps: dict[UUID, Gap] = {}
    for (_, resumes), own in zip(returners, seats, strict=True):
        left = MAX_RECOVERED
        for resume in resumes:
            seat = own.get(resume.room)
            if seat is None or not _may_recover(seat, resume):
                continue
            after, head = resume.after or 0, seat.room.head_seq
            left -= head - after
            if left >= 0 and after < head:
                lowest, _ = gaps.get(seat.room.pk, (after, head))
                gaps[seat.room.pk] = min(after, lowest), head
    return gaps


def _may_recover(seat: Seat, resume: Resume) -> bool:
    """Whether the client's number belongs to the room's history."""
    if resume.after is None or resume.after > seat.room.head_seq:
        return False
    return resume.epoch in (None, seat.room.epoch)


def _answers(resumes: Iterable[Resume], seats: Seats, read: _Read) -> Answers:
    answers: Answers = {}
    # One reply carries all rooms, so the first ones leave less to the last ones.
    left = MAX_RECOVERED
    bytes_left = MAX_REPLY_BYTES
    for resume in resumes:
        try:
            seat = seats.get(resume.room)
            answer, size = _answer(seat, resume, read, left, bytes_left)
        except Refusal as refusal:
            answers[resume.room] = refusal
            continue
        answers[resume.room] = answer
        left -= len(answer.messages)
        bytes_left -= size
    return answers


def _answer(
    seat: Seat | None, resume: Resume, read: _Read, limit: int, max_bytes: int
) -> tuple[CaughtUp, int]:
    """The answer for one room, and how many bytes its messages are."""
    if seat is None:
        raise RoomNotFound
    check_read(seat)
    epoch, head = seat.room.epoch, seat.room.head_seq
    # Guests hear nothing of the people.
    online = read.online.get(resume.room, []) if has_account(seat.actor) else []
    if resume.after is None:
        # Messages above `head` come as events.
        wanted = min(resume.history, limit)
        page = newest(seat.room, head, wanted, max_bytes) if wanted else []
        return CaughtUp(resume.room, epoch, head, None, page, online), bytes_of(page)
    missed = _missed(seat, resume, read.logs.get(seat.room.pk), limit, max_bytes)
    if missed is None:
        return CaughtUp(resume.room, epoch, head, False, [], online), 0
    messages, size = missed
    return CaughtUp(resume.room, epoch, head, True, messages, online), size


def _missed(
    seat: Seat, resume: Resume, log: Log | None, limit: int, max_bytes: int
) -> tuple[list[MessagePayload], int] | None:
    """All changes that the client lacks, or None when they cannot be had."""
    if resume.after is None or not _may_recover(seat, resume):
        return None
    if log is not None and log.after <= resume.after:
        found, size = log.above(resume.after)
        fits = len(found) <= limit and size <= max_bytes
        return (found, size) if fits else None
    head = seat.room.head_seq
    read = changes_up_to(seat.room.pk, resume.after, head, limit, max_bytes)
    return None if read is None else (read, bytes_of(read))
