"""How long things took, from the histories: deliveries, answers, coming back."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .history import History


@dataclass(frozen=True, slots=True)
class Figures:
    """In seconds. A delivery lasts from the sender's answer to a reader's frame."""

    acknowledged: int
    closes: int
    delivery_p99: float
    delivery_max: float
    answer_p99: float
    recovery_p99: float
    codes: frozenset[str]


def measure(histories: Sequence[History]) -> Figures:
    deliveries = delivery_seconds(histories)
    return Figures(
        acknowledged=sum(e.kind == "ok" for h in histories for e in h.events),
        closes=sum(e.kind == "close" for h in histories for e in h.events),
        delivery_p99=percentile(deliveries, 0.99),
        delivery_max=max(deliveries, default=0.0),
        answer_p99=percentile(list(_answers(histories)), 0.99),
        recovery_p99=percentile(list(_recoveries(histories)), 0.99),
        codes=frozenset(
            e.code for h in histories for e in h.events if e.kind == "error"
        ),
    )


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def delivery_seconds(
    histories: Iterable[History], *, since: float = 0.0, until: float = math.inf
) -> list[float]:
    """Of the messages that were answered in this time."""
    deliveries = _deliveries(histories)
    return [seconds for at, seconds in deliveries if since <= at < until]


def _deliveries(histories: Iterable[History]) -> Iterable[tuple[float, float]]:
    """For each message and each subscribed reader: the answer's time, and the wait."""
    answered = {
        (e.room, e.client_id): e.at
        for h in histories
        for e in h.events
        if e.kind == "ok"
    }
    for history in histories:
        # The time since which this connection hears the room without a pause.
        listens_since: float | None = None
        for event in history.events:
            if event.kind == "close":
                listens_since = None
            elif event.kind == "subscribed" and listens_since is None:
                listens_since = event.at
            elif event.kind in {"heard", "subscribed"} and listens_since is not None:
                for seen in event.messages:
                    at = answered.get((event.room, seen.client_id or ""))
                    if at is not None and at > listens_since and seen.rev == seen.seq:
                        yield at, max(0.0, event.at - at)


def _answers(histories: Iterable[History]) -> Iterable[float]:
    """From sending to the reply, for each message that got one."""
    for history in histories:
        sent: dict[str, float] = {}
        for event in history.events:
            if event.kind == "invoke":
                sent[event.client_id] = event.at
            elif event.kind == "ok":
                yield event.at - sent[event.client_id]


def _recoveries(histories: Iterable[History]) -> Iterable[float]:
    """From a close to the next reply that says what was missed."""
    for history in histories:
        closed: float | None = None
        for event in history.events:
            if event.kind == "close" and closed is None:
                closed = event.at
            elif event.kind == "subscribed" and closed is not None:
                yield event.at - closed
                closed = None
