"""The rows of the table: which figure of which scenario, and what it should be."""

import statistics
from collections.abc import Sequence

import msgspec

from bench.generator import Figures

# Scenario -> server -> the figures of each round.
Rounds = dict[str, dict[str, list[Figures]]]


class Goal(msgspec.Struct, frozen=True):
    """`bound` is the most that the figure may be, or the least with `more`.

    `times` is the same beside another server, as a multiple of its figure. A row
    without either is only told.
    """

    scenario: str
    label: str
    key: str
    digits: int = 1
    bound: float | None = None
    times: float | None = None
    beside: str = ""
    more: bool = False

    def median(self, rounds: Rounds, server: str) -> float | None:
        samples = self.samples(rounds, server)
        return statistics.median(samples) if samples else None

    def samples(self, rounds: Rounds, server: str) -> Sequence[float]:
        figures = rounds.get(self.scenario, {}).get(server, [])
        return [one[self.key] for one in figures if one.get(self.key, -1) >= 0]

    def is_met(self, rounds: Rounds) -> bool | None:
        """None when there is no goal, or nothing was measured."""
        own, other = self.median(rounds, "hubbub"), self.median(rounds, self.beside)
        bounds = [] if self.bound is None else [self.bound]
        if self.times is not None and other is not None:
            bounds.append(self.times * other)
        if own is None or not bounds:
            return None
        return all(own >= bound if self.more else own <= bound for bound in bounds)

    def told(self) -> str:
        """The goal as the table shows it."""
        sign = "≥" if self.more else "≤"
        parts = [] if self.bound is None else [f"{sign} {self.bound:,g}"]
        if self.times is not None:
            parts.append(f"{sign} {self.times:g} times {NAMES[self.beside]}")
        return ", ".join(parts)


NAMES = {
    "hubbub": "Hubbub",
    "socketio": "Socket.IO",
    "plain_drf": "plain DRF",
    "naive": "tutorials' way",
}


def _of_rest(kind: str, label: str, times: float, bound: float | None = None) -> Goal:
    """`times` is twice what the request was beside the plain framework before it was
    made faster, for all but the history. Machines differ; the ratio hardly does."""
    key = f"{kind}_per_cpu_second"
    return Goal("rest", label, key, 0, bound, times, "plain_drf", more=True)


GOALS = (
    Goal(
        "one-sender",
        "one sender, 200 sockets: CPU a delivery, µs",
        "cpu_us_per_delivery",
        bound=9,
        times=2.2,
        beside="socketio",
    ),
    Goal("one-sender-paced", "  100 a second: p50, ms", "p50_ms", bound=2.5),
    Goal("one-sender-paced", "  100 a second: p99, ms", "p99_ms"),
    Goal(
        "rooms-paced",
        "1,000 sockets, 500 a second: CPU a message, ms",
        "cpu_ms_per_message",
        digits=2,
        bound=0.6,
    ),
    Goal("rooms-paced", "  p50, ms", "p50_ms", bound=4),
    Goal("rooms-paced", "  p99, ms", "p99_ms", bound=15),
    Goal(
        "rooms-full",
        "1,000 sockets, all send: messages a second",
        "messages_per_second",
        digits=0,
        bound=8000,
        times=0.7,
        beside="socketio",
        more=True,
    ),
    Goal(
        "twenty-senders",
        "20 senders, 200 sockets: CPU a delivery, µs",
        "cpu_us_per_delivery",
        bound=1.8,
    ),
    Goal(
        "connect",
        "connecting and subscribing, sockets a second",
        "connects_per_second",
        digits=0,
        bound=1500,
        more=True,
    ),
    Goal("idle", "memory of an idle socket, KiB", "kib_per_connection", bound=24),
    _of_rest("history", "REST history of 50, requests a CPU second", 2, 360),
    _of_rest("rooms", "  room list", 1.33),
    _of_rest("members", "  members", 2.43),
    _of_rest("send", "  send", 1.24),
    _of_rest("me", "  me", 2),
    Goal("unread", "GET rooms at 500,000 unread, ms", "rooms_ms_500000"),
    Goal("unread", "  times that at 100", "rooms_times", 2, bound=1.5),
    Goal("unread", "PUT read at 500,000 unread, ms", "read_ms_500000"),
    Goal("unread", "  times that at 100", "read_times", 2, bound=1.5),
)
