"""One scenario's run: a crowd writes, harm is done, all is quiet, all is checked."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .checker import Log, check
from .client import Client
from .cluster import Cluster, Services, Slot, cluster
from .figures import measure
from .history import dump
from .scenario import Result, Scenario
from .stored import read_deliveries, read_heads, read_log

# No wait in a scenario may take longer.
PATIENCE_SECONDS = 30
# The share of messages that are edited at once.
EDITED = 0.1


class Stage:
    """The crowd and the cluster of a scenario, whose `inject` counts its `faults`."""

    def __init__(self, scenario: Scenario, made: Cluster, *, seconds: float) -> None:
        self.scenario = scenario
        self.cluster = made
        self.seconds = seconds
        self.clients: list[Client] = []
        self.faults = 0
        # Broken promises that `inject` saw itself.
        self.notes: list[str] = []
        # Figures that have no column.
        self.remarks: list[str] = []
        self.random = random.Random(scenario.name)
        self._living: list[asyncio.Task[None]] = []
        self._writing: list[asyncio.Task[None]] = []
        self.is_loud = True
        self._until = 0.0

    async def fill(self) -> None:
        people = await asyncio.to_thread(
            self.cluster.people, self.scenario.clients, self.scenario.rooms
        )
        doors = self.cluster.doors
        for index, person in enumerate(people):
            # The people of one room begin at different doors.
            first = index // self.scenario.rooms % len(doors)
            turned = doors[first:] + doors[:first]
            self.clients.append(
                Client(person.username, person.token, person.room, turned)
            )
        self._living = [asyncio.create_task(client.live()) for client in self.clients]
        async with asyncio.timeout(PATIENCE_SECONDS):
            for client in self.clients:
                await client.subscribed.wait()
        writers = [
            client
            for client in self.clients
            if not self.scenario.one_sided or client.door == self.cluster.doors[0]
        ]
        self._writing = [asyncio.create_task(self._write(c)) for c in writers]
        self._until = asyncio.get_running_loop().time() + self.seconds

    async def _write(self, client: Client) -> None:
        while self.is_loud and await client.say():
            if self.random.random() < EDITED:
                await client.edit()
            pause = self.scenario.pause_seconds
            await asyncio.sleep(self.random.uniform(0, 2 * pause))

    # --- For `inject` ----------------------------------------------------------------

    def is_time(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def wait(self, least: float, most: float) -> None:
        await asyncio.sleep(self.random.uniform(least, most))

    def busiest(self) -> Slot:
        """The process with the most sockets: the one whose end is felt."""
        doors = Counter(client.door for client in self.clients)
        return max(self.cluster.slots, key=lambda slot: doors[slot.door.port])

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.notes.append(otherwise)

    async def ended(self, slot: Slot) -> bool:
        """Wait for a process that will kill itself. False when it does not."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while slot.process.popen.poll() is None:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            return False
        return True

    async def expect_acknowledged(self, within_seconds: float) -> None:
        """Expect that a message is stored again within this time."""
        before = self.acknowledged()
        started = time.monotonic()
        while self.acknowledged() == before:
            await asyncio.sleep(0.02)
            if time.monotonic() - started > PATIENCE_SECONDS:
                break
        took = time.monotonic() - started
        self.expect(took <= within_seconds, f"sending again after {took:.1f} s")

    def acknowledged(self) -> int:
        return sum(client.acknowledged for client in self.clients)

    # --- The end ---------------------------------------------------------------------

    async def become_quiet(self) -> None:
        """Wait until every message has its answer and every client has caught up."""
        self.is_loud = False
        quiet = self.scenario.quiet_seconds
        await asyncio.wait(self._writing, timeout=quiet)
        heads = await asyncio.to_thread(read_heads, self.cluster.database_url)
        until = time.monotonic() + quiet
        while time.monotonic() < until and not self._all_caught_up(heads):
            await asyncio.sleep(0.1)
        # A frame that is delivered twice may come late.
        await asyncio.sleep(0.5)

    def _all_caught_up(self, heads: dict[str, int]) -> bool:
        return all(
            client.last is not None
            and client.last >= heads[client.room]
            and not client.is_reading
            for client in self.clients
            if client.stopped_with is None and client.refused_with is None
        )

    async def empty(self) -> None:
        for client in self.clients:
            await client.stop()
        for task in (*self._writing, *self._living):
            task.cancel()
        await asyncio.gather(*self._writing, *self._living, return_exceptions=True)


async def play(
    scenario: Scenario, found: Services, directory: Path, *, seconds: float
) -> Result:
    """Run it for about so many seconds. Histories stay in the directory."""
    async with _staged(scenario, found, directory, seconds) as stage:
        await stage.fill()
        await scenario.inject(stage)
        await stage.become_quiet()
        await stage.empty()
        url = stage.cluster.database_url
        log = Log(
            await asyncio.to_thread(read_log, url),
            await asyncio.to_thread(read_heads, url),
        )
        deliveries = await asyncio.to_thread(read_deliveries, url)
    histories = [client.history for client in stage.clients]
    dump(histories, directory / f"{scenario.name}.jsonl".replace(" ", "-"))
    return Result(
        scenario,
        stage.faults,
        check(histories, log, deliveries),
        measure(histories),
        stage.notes,
        stage.remarks,
    )


@asynccontextmanager
async def _staged(
    scenario: Scenario, found: Services, directory: Path, seconds: float
) -> AsyncIterator[Stage]:
    async with cluster(
        found,
        directory,
        processes=scenario.processes,
        server=scenario.server,  # type: ignore[arg-type]  # one of the two names
        with_redis=scenario.with_redis,
        settings=scenario.settings,
        of_process=scenario.of_process,
    ) as made:
        stage = Stage(scenario, made, seconds=seconds)
        try:
            yield stage
        finally:
            await stage.empty()
