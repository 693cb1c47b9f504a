"""PostgreSQL restarts, crashes, throws out its clients, locks up. Nobody is closed."""

import asyncio

import psycopg

from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import Stage

BACK_SECONDS = 5.0
PROMISE = Promise(closes=0, codes=frozenset({"unavailable", "timeout"}))
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def restart(stage: Stage) -> None:
    postgres = stage.cluster.services.postgres
    while stage.is_time():
        await stage.wait(0.5, 1.5)
        await asyncio.to_thread(postgres.restart)
        stage.faults += 1
        await stage.expect_acknowledged(BACK_SECONDS)


async def crash(stage: Stage) -> None:
    """kill -9 of all its processes: committed rows come back out of its log."""
    postgres = stage.cluster.services.postgres
    while stage.is_time():
        await stage.wait(0.5, 1.5)
        await asyncio.to_thread(postgres.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(postgres.start)
        stage.faults += 1
        await stage.expect_acknowledged(BACK_SECONDS)


async def terminate(stage: Stage) -> None:
    """All connections break about every second, some of them in a transaction."""
    while stage.is_time():
        await stage.wait(0.3, 1.0)
        await asyncio.to_thread(stage.cluster.sql, _OTHERS)
        stage.faults += 1


async def lock(stage: Stage) -> None:
    """Every room is locked by somebody else, until all connections wait for it."""
    while stage.is_time():
        async with await psycopg.AsyncConnection.connect(
            stage.cluster.database_url
        ) as db:
            await db.execute("LOCK TABLE chat_room IN ACCESS EXCLUSIVE MODE")
            stage.faults += 1
            await asyncio.sleep(7)
        await stage.expect_acknowledged(BACK_SECONDS)


RESTART = Scenario(name="postgres restarted", inject=restart, promise=PROMISE)
CRASH = Scenario(name="postgres kill -9", inject=crash, promise=PROMISE)
TERMINATE = Scenario(name="postgres backends ended", inject=terminate, promise=PROMISE)
LOCK = Scenario(name="postgres pool exhausted", inject=lock, promise=PROMISE)
