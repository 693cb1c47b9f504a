"""Compares the histories with the log, and counts events that may never happen.

The checker trusts no client. It compares each message that a client was told with the
stored one, the numbers of each connection with the numbers before them, and the
messages that a client holds in the end with all that it should hold.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from .history import Event, History, Seen
from .stored import Stored

# The events of the log that take a person out of a room, and those that bring one in.
REMOVALS = {"member.left", "member.removed", "member.banned"}
ARRIVALS = {"member.joined", "member.added"}


@dataclass(slots=True)
class Counts:
    """All of them must be 0."""

    # Acknowledged and not in the log, or in the log and never reached a member.
    lost: int = 0
    # One (room, sender, client_id) in two rows.
    stored_twice: int = 0
    # One number twice on one connection.
    delivered_twice: int = 0
    # A number was left out on one connection, without a reset.
    gap: int = 0
    # A smaller number after a larger one, on one connection or to a follower.
    reorder: int = 0
    # Told and not in the log.
    phantom: int = 0
    # Two clients hold different messages under one number, or not the stored one.
    divergent: int = 0
    # A person was told of a change while they were not in the room.
    after_removal: int = 0
    # In the log, and the follower of the log never got it.
    skipped: int = 0

    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))

    def found(self) -> set[str]:
        return {field.name for field in fields(self) if getattr(self, field.name)}


class Log:
    """The stored rows, indexed for the checks."""

    def __init__(self, rows: Iterable[Stored], heads: Mapping[str, int]) -> None:
        self.heads = heads
        self.rows = list(rows)
        self.by_seq = {(row.room, row.seq): row for row in self.rows}
        self.keys = Counter(
            (row.room, row.sender, row.client_id) for row in self.rows if row.client_id
        )
        self.of_room: dict[str, list[Stored]] = defaultdict(list)
        for row in self.rows:
            self.of_room[row.room].append(row)

    def absences(self, room: str, user: str) -> list[tuple[int, float]]:
        """The ranges of numbers in which this person was out: from, and below."""
        absences: list[tuple[int, float]] = []
        for row in self.of_room[room]:
            if (row.subject or row.sender) != user:
                continue
            if row.event in REMOVALS:
                absences.append((row.seq, math.inf))
            elif row.event in ARRIVALS and absences:
                absences[-1] = (absences[-1][0], row.seq)
        return absences

    def removed_at(self, room: str, user: str) -> int | None:
        """The number at which this person was removed for good, if they were."""
        absences = self.absences(room, user)
        return absences[-1][0] if absences and absences[-1][1] == math.inf else None


Deliveries = Sequence[tuple[str, int]]


def check(
    histories: Sequence[History], log: Log, deliveries: Deliveries | None = None
) -> Counts:
    """`deliveries` are the room and the `rev` of what a follower got, in its order."""
    counts = Counts()
    if deliveries is not None:
        _check_follower(deliveries, log, counts)
    counts.stored_twice = sum(n - 1 for n in log.keys.values())
    for history in histories:
        _check_acknowledged(history, log, counts)
        _check_connections(history, counts)
        _check_told(history, log, counts)
        _check_state(history, log, counts)
    counts.divergent += _different(histories)
    return counts


def _check_follower(deliveries: Deliveries, log: Log, counts: Counts) -> None:
    """A change may come again, but for the first time it must come in its order."""
    known: set[tuple[str, int]] = set()
    last: dict[str, int] = defaultdict(int)
    for room, rev in deliveries:
        counts.reorder += (room, rev) not in known and rev < last[room]
        known.add((room, rev))
        last[room] = max(last[room], rev)
    counts.skipped = sum((row.room, row.rev) not in known for row in log.rows)


def _check_acknowledged(history: History, log: Log, counts: Counts) -> None:
    for event in history.events:
        if event.kind not in {"ok", "edited"}:
            continue
        row = log.by_seq.get((event.room, event.seq))
        if row is None or row.client_id != event.client_id or row.rev < event.rev:
            counts.lost += 1


def _check_connections(history: History, counts: Counts) -> None:
    """On one connection each number must follow the one before."""
    last: dict[tuple[int, str], int] = {}
    for event in history.events:
        place = (event.connection, event.room)
        if event.kind in {"subscribed", "reset"}:
            last[place] = event.seq
        elif event.kind == "heard":
            before = last.get(place)
            if before is not None:
                _check_next(event, before, counts)
            last[place] = max(event.seq, before or 0)


def _check_next(event: Event, before: int, counts: Counts) -> None:
    if event.seq == before or event.after < before < event.seq:
        counts.delivered_twice += 1
    elif event.seq < before:
        counts.reorder += 1
    elif event.after > before:
        counts.gap += 1


def _check_told(history: History, log: Log, counts: Counts) -> None:
    absences = {
        room: log.absences(room, history.user)
        for room in {event.room for event in history.events}
    }
    for event in history.events:
        if event.kind not in {"heard", "subscribed"}:
            continue
        for seen in event.messages:
            counts.phantom += _is_phantom(event.room, seen, log)
            counts.after_removal += any(
                left < seen.rev < back for left, back in absences[event.room]
            )


def _is_phantom(room: str, seen: Seen, log: Log) -> bool:
    """Whether it was never stored, or not so. Only the last state of a row is known."""
    row = log.by_seq.get((room, seen.seq))
    if row is None or seen.rev > row.rev or seen.client_id != row.client_id:
        return True
    return seen.rev == row.rev and seen.body != row.body


def _check_state(history: History, log: Log, counts: Counts) -> None:
    """In the end a client must hold what the log holds, from its first number on."""
    for room, first in history.first.items():
        state = history.state.get(room, {})
        removed = log.removed_at(room, history.user)
        upto = log.heads[room] if removed is None else removed
        for row in log.of_room[room]:
            if not first < row.rev <= upto:
                continue
            seen = state.get(row.seq)
            if seen is None:
                counts.lost += 1
            elif (seen.rev, seen.body) != (row.rev, row.body):
                counts.divergent += 1


def _different(histories: Iterable[History]) -> int:
    """How many numbers stood for different messages at two clients."""
    told: dict[tuple[str, int, int], set[tuple[str | None, str]]] = defaultdict(set)
    for history in histories:
        for event in history.events:
            for seen in event.messages:
                key = (event.room, seen.seq, seen.rev)
                told[key].add((seen.client_id, seen.body))
    return sum(len(different) - 1 for different in told.values())
