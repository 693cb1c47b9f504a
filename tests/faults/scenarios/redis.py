"""Redis dies, hangs, forgets and drops its clients. No socket may be closed for it."""

import asyncio
import os
import signal

import requests
from redis.asyncio import Redis

from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import Stage

DOWN_SECONDS = 3.0
PROMISE = Promise(closes=0, delivery=2.0, answer_p99=1.0, codes=frozenset())


async def kill(stage: Stage) -> None:
    redis = stage.cluster.services.redis
    while stage.is_time():
        await asyncio.to_thread(redis.kill)
        stage.faults += 1
        await asyncio.sleep(DOWN_SECONDS)
        await _expect_degraded(stage)
        await asyncio.to_thread(redis.start)
        await stage.wait(1.0, 2.0)


async def _expect_degraded(stage: Stage) -> None:
    """Expect that the process says it is degraded, and stays in service."""
    url = f"{stage.cluster.slots[0].process.url}/readyz"
    answer = await asyncio.to_thread(requests.get, url, timeout=5)
    expected = {"status": "degraded", "reason": "channel layer"}
    stage.expect(answer.ok and answer.json() == expected, f"readyz: {answer.text}")


async def hang(stage: Stage) -> None:
    """Redis takes connections and says nothing, which is worse than a refusal."""
    redis = stage.cluster.services.redis
    while stage.is_time():
        os.kill(redis.pid, signal.SIGSTOP)
        stage.faults += 1
        await asyncio.sleep(DOWN_SECONDS)
        os.kill(redis.pid, signal.SIGCONT)
        await stage.wait(1.0, 2.0)


async def drop(stage: Stage) -> None:
    """Redis loses its data and its clients, in turn."""
    async with Redis.from_url(stage.cluster.services.redis.url) as redis:
        while stage.is_time():
            await redis.flushall()
            await redis.client_kill_filter(_type="pubsub")
            await stage.wait(0.3, 1.0)
            await redis.client_kill_filter(_type="normal", skipme=True)
            stage.faults += 3
            await stage.wait(0.3, 1.0)


async def freeze(stage: Stage) -> None:
    """The line to Redis goes dead for a while, with no word to either end."""
    while stage.is_time():
        stage.cluster.redis.freeze()
        stage.faults += 1
        await asyncio.sleep(DOWN_SECONDS)
        stage.cluster.redis.thaw()
        await stage.wait(1.0, 2.0)


async def lose(stage: Stage) -> None:
    """The layer itself loses, doubles and delays, in each process from its start."""
    while stage.is_time():
        await asyncio.sleep(0.5)
    stage.faults += 1


KILL = Scenario(name="redis killed", inject=kill, promise=PROMISE, one_sided=True)
HANG = Scenario(name="redis hangs", inject=hang, promise=PROMISE, one_sided=True)
DROP = Scenario(
    name="redis drops its clients", inject=drop, promise=PROMISE, one_sided=True
)
FREEZE = Scenario(
    name="redis line frozen", inject=freeze, promise=PROMISE, one_sided=True
)
LOSSY = Scenario(
    name="lossy layer",
    inject=lose,
    promise=Promise(closes=0, delivery=15.0, answer_p99=1.0, codes=frozenset()),
    one_sided=True,
    settings={"HUBBUB_LAYER": "lossy"},
)
