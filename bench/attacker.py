"""One person who tries everything at once, ten times as often as the limits allow.

A crowd at the same address attacks the limits that the people of one address share.

The attacker has a process of its own, so that the cost of attacking does not count as
something that other people notice.
"""

import asyncio
import itertools
import math
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from bench.attacks import (
    NETWORK_LIMITS,
    Attack,
    allowance,
    of_a_network,
    over_rest,
    over_sockets,
    prepared,
    table_of,
)
from bench.people import Person
from bench.stubborn import Stubborn
from bench.talker import Talker

SOCKETS = 10
CROWD = 20
# Of each person of the crowd: enough that no socket reaches the limit on frames.
CROWD_SOCKETS = 2
TIMES = 10
ROUND_SECONDS = 3


class Row(NamedTuple):
    """`allowed` is the burst, plus the rate for as long as the attack lasted."""

    limit: str
    asked: int
    through: int
    allowed: int


class RemoteAttacker:
    """The attacker, seen from the process that measures."""

    def __init__(self, pipe: "Connection[int, list[Row]]") -> None:
        self._pipe = pipe

    async def step(self) -> list[Row]:
        """Let it take its next step: open sockets, or attack.

        Returns the rows of all attempts before that step.
        """
        self._pipe.send(0)
        return await asyncio.to_thread(self._pipe.recv)


@asynccontextmanager
async def started_attacker(
    port: int, people: Sequence[Person], rounds: int, only: Sequence[str]
) -> AsyncIterator[RemoteAttacker]:
    """A process that is ready to attack. The last of `people` attacks, and the others
    are the crowd. `only` names limits of the table; empty means all of them.
    """
    near, far = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(far, port, people, rounds, only))
    process.start()
    await asyncio.to_thread(near.recv)
    try:
        yield RemoteAttacker(near)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: "Connection[list[Row], int]", *settings: Any) -> None:
    # A real attacker has another machine. Here it takes the CPU that others leave.
    os.nice(19)
    asyncio.run(_attack(pipe, Attacker(*settings)))


async def _attack(pipe: "Connection[list[Row], int]", attacker: "Attacker") -> None:
    await attacker.prepare()
    for step in itertools.cycle([attacker.open, attacker.attack]):
        pipe.send(list(attacker.rows()))
        await asyncio.to_thread(pipe.recv)
        await step()


class Attacker:
    def __init__(
        self, port: int, people: Sequence[Person], rounds: int, only: Sequence[str]
    ) -> None:
        self._port = port
        *self._crowd, self._person = people
        self._table = table_of(port)
        self._rounds = rounds
        self._only = only
        self._attacks: list[Attack] = []
        self._stubborn: list[Stubborn] = []
        self._started = time.monotonic()

    async def prepare(self) -> None:
        sockets = [await Talker.open(self._port, self._person) for _ in range(SOCKETS)]
        ground = prepared(self._port, self._person, self._crowd)
        attacks = [
            *over_sockets(sockets),
            *of_a_network(await self._crowd_sockets()),
            *over_rest(self._port, self._person, ground),
        ]
        self._attacks = [a for a in attacks if self._asks_for(a.limit)]
        self._started = time.monotonic()

    async def _crowd_sockets(self) -> list[Talker]:
        if not any(map(self._asks_for, NETWORK_LIMITS)):
            return []
        return [
            await Talker.open(self._port, one)
            for one in self._crowd
            for _ in range(CROWD_SOCKETS)
        ]

    def _asks_for(self, limit: str) -> bool:
        return not self._only or limit in self._only

    async def open(self) -> None:
        """Open sockets before the round, since `connects` is soon used up in it."""
        if not self._asks_for("frames"):
            return
        opening = [Stubborn.open(self._port, self._person) for _ in range(SOCKETS)]
        self._stubborn += await asyncio.gather(*opening)

    async def attack(self) -> None:
        """Attack for one round."""
        await asyncio.gather(
            *[self._go_on(socket) for socket in self._stubborn[-SOCKETS:]],
            *[
                attack.run(count=self._share(attack.limit), seconds=ROUND_SECONDS)
                for attack in self._attacks
            ],
        )

    async def _go_on(self, socket: Stubborn) -> None:
        rate, _ = allowance(self._table, "frames")
        await socket.go_on(frames_per_second=TIMES * rate, seconds=ROUND_SECONDS)

    def _share(self, limit: str) -> int:
        """How many attempts a round makes, so that all make ten times the allowance."""
        rate, burst = allowance(self._table, limit)
        return math.ceil(TIMES * (rate * ROUND_SECONDS + burst / self._rounds))

    def rows(self) -> Iterator[Row]:
        lasted = time.monotonic() - self._started
        for attack in self._attacks:
            rate, burst = allowance(self._table, attack.limit)
            allowed = int(burst + rate * lasted)
            yield Row(attack.limit, attack.asked, attack.through, allowed)
        if self._stubborn:
            yield self._frames()

    def _frames(self) -> Row:
        """The row of the limit on frames, which each socket has for itself."""
        rate, burst = allowance(self._table, "frames")
        allowed = sum(burst + rate * one.open_seconds for one in self._stubborn)
        asked = sum(one.written for one in self._stubborn)
        through = sum(one.replies + one.errors for one in self._stubborn)
        return Row("frames", asked, through, int(allowed))
