"""Hubbub as it is run: several processes, one PostgreSQL, one Redis, a line to each."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg

from tests.served import Deployment, Person, Process, ServerName
from tests.services import postgres_server, redis_server
from tests.services.server import Server

from .proxy import Proxy


@dataclass
class Services:
    """The services of all scenarios; `template` is a migrated database to copy."""

    postgres: Server
    redis: Server
    template: str


@contextmanager
def services(directory: Path) -> Iterator[Services]:
    with postgres_server() as postgres, redis_server() as redis:
        found = Services(postgres, redis, "hubbub")
        Deployment(directory, database_url=postgres.url).manage(
            "migrate", "--verbosity=0"
        )
        yield found


def new_database(found: Services) -> str:
    """A database of a scenario's own; its URL."""
    name = f"scenario_{secrets.token_hex(4)}"
    with psycopg.connect(found.postgres.url, dbname="postgres", autocommit=True) as db:
        db.execute(f'CREATE DATABASE "{name}" TEMPLATE "{found.template}"')
    return found.postgres.url.removesuffix("hubbub") + name


@dataclass
class Slot:
    """One process and the door in front of it; the process may be another one later."""

    door: Proxy
    deployment: Deployment
    process: Process

    async def kill(self) -> None:
        await asyncio.to_thread(self.process.stop)

    async def terminate(self) -> float:
        return await asyncio.to_thread(self.process.terminate)

    async def start(self, **settings: str) -> None:
        """Another process behind the same door."""
        deployment = with_settings(self.deployment, settings)
        self.process = await asyncio.to_thread(Process.start, deployment)
        self.door.target = self.process.port


@dataclass
class Cluster:
    services: Services
    database_url: str
    postgres: Proxy
    redis: Proxy
    deployment: Deployment
    slots: list[Slot] = field(default_factory=list)

    @property
    def doors(self) -> list[int]:
        return [slot.door.port for slot in self.slots]

    def people(self, users: int, rooms: int) -> list[Person]:
        direct = replace(self.deployment, database_url=self.database_url)
        return direct.people(users, rooms)

    def sql(self, statement: LiteralString, *values: object) -> None:
        """Run it in the database directly, past the line and the processes."""
        with psycopg.connect(self.database_url, autocommit=True) as db:
            db.execute(statement, values or None)

    async def slot(self, **settings: str) -> Slot:
        deployment = with_settings(self.deployment, settings)
        process = await asyncio.to_thread(Process.start, deployment)
        door = Proxy(process.port)
        await door.start()
        return Slot(door, deployment, process)


@asynccontextmanager
async def cluster(
    found: Services,
    directory: Path,
    *,
    processes: int = 2,
    server: ServerName = "uvicorn",
    with_redis: bool = True,
    settings: dict[str, str] | None = None,
    of_process: dict[int, dict[str, str]] | None = None,
) -> AsyncIterator[Cluster]:
    """`settings` are for all processes, `of_process` for some by their index."""
    url = await asyncio.to_thread(new_database, found)
    postgres, redis = Proxy(_port(url)), Proxy(_port(found.redis.url))
    await asyncio.gather(postgres.start(), redis.start())
    deployment = Deployment(
        directory,
        server,
        url.replace(f":{_port(url)}/", f":{postgres.port}/"),
        f"redis://127.0.0.1:{redis.port}/0" if with_redis else "",
        {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            # At DEBUG the logs of half an hour would fill the disk.
            "LOG_LEVEL": "INFO",
            **(settings or {}),
        },
    )
    made = Cluster(found, url, postgres, redis, deployment)
    try:
        own = of_process or {}
        starting = [made.slot(**own.get(index, {})) for index in range(processes)]
        begun = await asyncio.gather(*starting, return_exceptions=True)
        # Kept before anything is raised, so that those that did start are stopped.
        made.slots += [slot for slot in begun if isinstance(slot, Slot)]
        for failed in begun:
            if isinstance(failed, BaseException):
                raise failed
        yield made
    finally:
        for slot in made.slots:
            await slot.kill()
        for proxy in (postgres, redis, *(slot.door for slot in made.slots)):
            await proxy.stop()


def with_settings(deployment: Deployment, settings: dict[str, str]) -> Deployment:
    return replace(deployment, settings=deployment.settings | settings)


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port
