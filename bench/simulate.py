"""`python -m bench.bus | python -m bench.simulate`: the bus of 2 to 64 processes.

Each process has 10,000 sockets in rooms of 20 that are spread over all processes, and
commits 500 messages a second. From the measured costs come the shares of a core that
the bus takes of a Redis and of a process, and the p99 from a commit to another process.
The work that processes have besides is not in it.
"""

import random
import sys
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import NamedTuple

import msgspec

from bench.bus import Costs
from bench.report import as_markdown

PROCESSES = (2, 4, 8, 16, 32, 64)
MESSAGES_PER_SECOND = 500
ROOM = 20
_SECONDS = 5.0


class Design(NamedTuple):
    """`redises` share the senders among them; each process listens to all of them.

    With `by_room` each room has a channel, to which a process listens if one of its
    sockets is in the room, so that a packet holds one message.
    """

    name: str
    pause: float
    redises: int = 1
    by_room: bool = False

    def share_of_processes(self, processes: int) -> float:
        """How many of the other processes get a packet."""
        absent = (1 - 1 / processes) ** (ROOM - 1)
        return 1 - absent if self.by_room else 1.0


DESIGNS = (
    Design("as built: a pause of 20 ms", 0.02),
    Design("no pause", 0),
    Design("a pause of 50 ms", 0.05),
    Design("20 ms, four Redis by sender", 0.02, redises=4),
    Design("a channel for each room", 0, by_room=True),
)


class Packet(NamedTuple):
    """`at` is when it leaves the stage that it went through last."""

    at: float
    commits: list[float]


class Outcome(NamedTuple):
    """How much of a core the bus takes, and the p99 from commit to hub elsewhere."""

    redis: float
    process: float
    p99_ms: float


def simulate(costs: Costs, design: Design, processes: int) -> Outcome:
    """One process and one Redis stand for all, because all have the same load."""
    chance, share = random.Random(1), design.share_of_processes(processes)
    others = [list(_packets(design.pause, chance)) for _ in range(processes - 1)]
    on_redis = costs.redis_publish
    on_redis += costs.redis_subscriber * (1 + share * (processes - 1))
    relayed: list[Packet] = []
    for number in range(design.redises):
        senders = others[number :: design.redises]
        packets = [packet for sender in senders for packet in sender]
        relayed += _through(packets, lambda _: on_redis)
    heard = [packet for packet in relayed if chance.random() < share]
    handled = _through(heard, lambda packet: _receive(costs, packet))
    delays = sorted(packet.at - at for packet in handled for at in packet.commits)
    sent = len(others[0]) / _SECONDS
    return Outcome(
        redis=sent * processes / design.redises * on_redis / 1e6,
        process=(
            sent * (costs.publish + costs.receive)
            + sum(_receive(costs, packet) for packet in heard) / _SECONDS
        )
        / 1e6,
        p99_ms=delays[int(len(delays) * 0.99)] * 1000,
    )


def _packets(pause: float, chance: random.Random) -> Iterator[Packet]:
    """The packets of one process: after one, the next waits for company."""
    commits: list[float] = []
    at, free = 0.0, 0.0
    while at < _SECONDS:
        at += chance.expovariate(MESSAGES_PER_SECOND)
        if commits and free <= at:
            yield Packet(max(free, commits[0]), commits)
            free, commits = max(free, commits[0]) + pause, []
        commits.append(at)


def _through(packets: list[Packet], cost_us: Callable[[Packet], float]) -> list[Packet]:
    """The packets as they leave one that works them off in order."""
    left, free = [], 0.0
    for packet in sorted(packets, key=attrgetter("at")):
        free = max(free, packet.at) + cost_us(packet) / 1e6
        left.append(Packet(free, packet.commits))
    return left


def _receive(costs: Costs, packet: Packet) -> float:
    return costs.receive + costs.foreign_message * (len(packet.commits) - 1)


def main() -> None:
    costs = msgspec.json.decode(sys.stdin.buffer.read(), type=Costs)
    rows = [["", *(f"{n} processes" for n in PROCESSES)]]
    for design in DESIGNS:
        outcomes = [simulate(costs, design, n) for n in PROCESSES]
        rows.append([design.name, *map(_cell, outcomes)])
    sys.stdout.write(as_markdown(rows) + "\n")


def _cell(outcome: Outcome) -> str:
    """The delay means nothing when a queue grows for ever."""
    is_stable = max(outcome.redis, outcome.process) < 1
    delay = f"{outcome.p99_ms:.0f} ms" if is_stable else "too much"
    return f"{outcome.redis:.0%} · {outcome.process:.0%} · {delay}"


if __name__ == "__main__":
    main()
