"""Opens many sockets at a bounded pace and closes them again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from bench.client import Client
from bench.dialects import DIALECTS
from bench.people import Person
from bench.tally import Tally

_AT_ONCE = 50
_OPEN_SECONDS = 20


class Target(msgspec.Struct, frozen=True):
    """A server under load: its dialect, the address where it listens, its process."""

    dialect: str
    port: int
    pid: int
    host: str = "127.0.0.1"


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
    client_class = DIALECTS[target.dialect]
    return client_class(index=index, person=person, host=host, tally=tally)


async def _open(target: Target, client: Client, gate: asyncio.Semaphore) -> None:
    loop = asyncio.get_running_loop()
    async with gate, asyncio.timeout(_OPEN_SECONDS):
        await loop.create_connection(lambda: client, target.host, target.port)
        await client.ready
