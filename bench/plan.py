"""The scenarios of a bench, their sizes and how long they run."""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import msgspec

from bench import scenarios
from bench.crowd import Target
from bench.people import Person

NAMES = ("idle", "fan-out", "steady", "rooms")
_STEADY_RATE = 10
_WRITERS = 20

Measure = Callable[[Target, Sequence[Person]], Coroutine[Any, Any, scenarios.Figures]]


class Scenario(msgspec.Struct, frozen=True):
    title: str
    users: int
    rooms: int
    rounds: int
    measure: Measure


def plan(*, quick: bool, only: Sequence[str]) -> dict[str, Scenario]:
    seconds, rounds, sockets = (2.0, 1, 500) if quick else (6.0, 3, 2000)
    everything = {
        # It comes first, because memory is read before a load makes the server grow.
        "idle": _idle(sockets),
        "fan-out": _fan_out(rounds, seconds),
        "steady": _steady(rounds, seconds),
        "rooms": _rooms(rounds, seconds),
    }
    return {name: everything[name] for name in NAMES if name in only}


def _idle(sockets: int) -> Scenario:
    return Scenario(
        f"{sockets:,} idle sockets, subscribed, 10 to a room",
        users=sockets,
        rooms=sockets // 10,
        rounds=1,
        measure=scenarios.idle,
    )


def _fan_out(rounds: int, seconds: float) -> Scenario:
    return Scenario(
        f"200 sockets in one room, {_WRITERS} of them write, at full pace",
        users=200,
        rooms=1,
        rounds=rounds,
        measure=partial(scenarios.full_pace, writers=_WRITERS, seconds=seconds),
    )


def _steady(rounds: int, seconds: float) -> Scenario:
    return Scenario(
        f"200 sockets in one room, {_STEADY_RATE} messages a second",
        users=200,
        rooms=1,
        rounds=rounds,
        measure=partial(scenarios.steady, rate=_STEADY_RATE, seconds=seconds),
    )


def _rooms(rounds: int, seconds: float) -> Scenario:
    return Scenario(
        "1,000 sockets in 100 rooms of 10, everybody writes, at full pace",
        users=1000,
        rooms=100,
        rounds=rounds,
        measure=partial(scenarios.full_pace, seconds=seconds),
    )
