"""People who chat at a bounded pace: it opens their sockets and closes them again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.client import Client
from bench.people import Person
from bench.tally import Tally, now_us
from bench.target import Target

_AT_ONCE = 50
_OPEN_SECONDS = 20
_DRAIN_STEPS = 50  # of 20 ms


@asynccontextmanager
async def crowd(
    target: Target, people: Sequence[Person], tally: Tally
) -> AsyncIterator[list[Client]]:
    """Open a subscribed socket for each person, and close all of them at the end."""
    gate = asyncio.Semaphore(_AT_ONCE)
    clients = [_client(target, n, one, tally) for n, one in enumerate(people)]
    try:
        await asyncio.gather(*(_open(target, client, gate) for client in clients))
        yield clients
    finally:
        for client in clients:
            client.close()
        await asyncio.sleep(0.5)


def _client(target: Target, index: int, person: Person, tally: Tally) -> Client:
    host = f"{target.host}:{target.port}"
    return Client(index=index, person=person, host=host, tally=tally)


async def _open(target: Target, client: Client, gate: asyncio.Semaphore) -> None:
    loop = asyncio.get_running_loop()
    async with gate, asyncio.timeout(_OPEN_SECONDS):
        await loop.create_connection(lambda: client, target.host, target.port)
        await client.ready


async def publish(publishers: Sequence[Client], *, rate: float, seconds: float) -> None:
    """Send on time, however slow the server is. Latency counts from the due time."""
    start = now_us()
    for n in range(int(rate * seconds)):
        due = start + int(n * 1e6 / rate)
        if (ahead := due - now_us()) > 0:
            await asyncio.sleep(ahead / 1e6)
        publishers[n % len(publishers)].send_message(due)


async def drain(tally: Tally, *, due: float) -> None:
    """Wait for messages on their way. When none came for a second, the rest is lost."""
    seen = -1
    while seen < tally.delivered < due:
        seen = tally.delivered
        for _ in range(_DRAIN_STEPS):
            if tally.delivered >= due:
                return
            await asyncio.sleep(0.02)
