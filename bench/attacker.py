"""One person who tries everything at once, ten times as often as is allowed.

With a crowd at the same address, for what its people are allowed together.

In a process of its own: what it costs to attack is not what the others notice.
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
# Of each of the crowd: so many that none of them meets the limit on frames.
CROWD_SOCKETS = 2
TIMES = 10
ROUND_SECONDS = 3


class Row(NamedTuple):
    """`allowed` is the burst, and the rate for as long as it all lasted."""

    limit: str
    asked: int
    through: int
    allowed: int


class Elsewhere:
    """The attacker, as the process sees it that measures."""

    def __init__(self, pipe: "Connection[int, list[Row]]") -> None:
        self._pipe = pipe

    async def step(self) -> list[Row]:
        """What is next: to open sockets, or to attack. All that was tried until now."""
        self._pipe.send(0)
        return await asyncio.to_thread(self._pipe.recv)


@asynccontextmanager
async def attacker(
    port: int, people: Sequence[Person], rounds: int, only: Sequence[str]
) -> AsyncIterator[Elsewhere]:
    """Started and ready; the last one attacks, the others are the crowd.

    `only` is limits of the table, none for all.
    """
    near, far = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(far, port, people, rounds, only))
    process.start()
    await asyncio.to_thread(near.recv)
    try:
        yield Elsewhere(near)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: "Connection[list[Row], int]", *found: Any) -> None:
    # Attackers have machines of their own. Here they take what the others leave.
    os.nice(19)
    asyncio.run(_attack(pipe, Attacker(*found)))


async def _attack(pipe: "Connection[list[Row], int]", found: "Attacker") -> None:
    await found.prepare()
    for step in itertools.cycle([found.open, found.attack]):
        pipe.send(list(found.rows()))
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
        """Before the round: so few are allowed, and soon `connects` is used up."""
        if not self._asks_for("frames"):
            return
        opening = [Stubborn.open(self._port, self._person) for _ in range(SOCKETS)]
        self._stubborn += await asyncio.gather(*opening)

    async def attack(self) -> None:
        """A round."""
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
        """So many in each round that those of all are ten times what is allowed."""
        rate, burst = allowance(self._table, limit)
        return math.ceil(TIMES * (rate * ROUND_SECONDS + burst / self._rounds))

    def rows(self) -> Iterator[Row]:
        lasted = time.monotonic() - self._started
        for found in self._attacks:
            rate, burst = allowance(self._table, found.limit)
            allowed = int(burst + rate * lasted)
            yield Row(found.limit, found.asked, found.through, allowed)
        if self._stubborn:
            yield self._frames()

    def _frames(self) -> Row:
        """Each socket has a limit of its own here."""
        rate, burst = allowance(self._table, "frames")
        allowed = sum(burst + rate * found.open_seconds for found in self._stubborn)
        asked = sum(found.written for found in self._stubborn)
        through = sum(found.replies + found.errors for found in self._stubborn)
        return Row("frames", asked, through, int(allowed))
