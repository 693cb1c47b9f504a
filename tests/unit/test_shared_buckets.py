"""Buckets that several processes share, with a real Redis, and with one that fails.

Two RateLimits of one name are what two processes have: each its own view of a bucket.
"""

import asyncio
import socket
import time
from collections.abc import Iterator
from functools import partial

import pytest
from pytest_django import Settings

from core.errors import RateLimited
from core.limits import redis
from core.limits.bucket import RateLimit
from tests.services.redis_server import redis_server
from tests.services.server import Server

from .threads import at_once


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with redis_server() as server:
        yield server


@pytest.fixture
def _shared(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = True
    settings.REDIS_URL = server.url
    monkeypatch.setattr(redis.shared_buckets, "_paused_until", 0.0)


def two(name: str, rate: float = 0.001, burst: int = 20) -> list[RateLimit]:
    return [RateLimit(rate, burst, name=name, shared=True) for _ in range(2)]


def taken(limit: RateLimit, tries: int = 100) -> int:
    count = 0
    for _ in range(tries):
        try:
            limit.take("alice")
        except RateLimited:
            continue
        count += 1
    return count


@pytest.mark.usefixtures("_shared")
def test_two_processes_have_one_bucket() -> None:
    """Each may be one ahead of what Redis knows: so one more for the second."""
    limits = two("one after the other")
    assert 20 <= sum(taken(limit) for limit in limits) <= 21
    limits = two("at once")
    counts = at_once([partial(taken, limit) for limit in limits * 5])
    assert 20 <= sum(n for n in counts if isinstance(n, int)) <= 21


@pytest.mark.usefixtures("_shared")
def test_a_person_who_does_one_thing_at_a_time_never_waits_for_redis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [limit, _] = two("slow")

    def asked(*_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(redis.SharedBuckets, "ask", asked)
    for _ in range(5):
        limit.take("alice")
        time.sleep(0.1)


@pytest.mark.usefixtures("_shared")
def test_a_process_learns_what_another_one_took() -> None:
    first, second = two("heard of")
    assert taken(first) == 20
    second.take("alice")
    time.sleep(0.2)
    assert taken(second) == 0


@pytest.mark.usefixtures("_shared")
def test_the_shared_bucket_fills_again() -> None:
    limits = two("fills", rate=10, burst=2)
    while sum(taken(limit, tries=5) for limit in limits):
        pass
    with pytest.raises(RateLimited) as refused:
        limits[0].take("alice")
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 0.3
    time.sleep(1)
    assert 2 <= sum(taken(limit, tries=4) for limit in limits) <= 4


@pytest.mark.usefixtures("_shared")
async def test_the_event_loop_goes_on_while_redis_is_asked() -> None:
    limits = two("loop", burst=30)
    takes = [limit.take_soon("alice") for limit in limits for _ in range(50)]
    results = await asyncio.gather(*takes, return_exceptions=True)
    assert 30 <= sum(result is None for result in results) <= 31
    refused = [r for r in results if isinstance(r, RateLimited)]
    assert all(r.retry_after is not None and r.retry_after > 0 for r in refused)
    assert len(refused) + sum(result is None for result in results) == 100


@pytest.mark.usefixtures("_shared")
async def test_a_caller_who_gives_up_waiting_blocks_nobody() -> None:
    [limit, _] = two("impatient")
    tasks = [asyncio.create_task(limit.take_soon("alice")) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(limit.take_soon("alice"), limit.take_soon("alice"))


@pytest.mark.usefixtures("_shared")
def test_a_token_that_is_given_back_is_there_for_every_process() -> None:
    first, second = two("given back", burst=2)
    for _ in range(10):
        first.take("alice")
        first.give_back("alice")
    time.sleep(0.2)
    assert taken(second, tries=3) == 2


@pytest.mark.usefixtures("_shared")
def test_without_redis_each_process_counts_for_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "PAUSE_SECONDS", 0.5)
    limits = two("redis stops")
    server.stop()
    try:
        started = time.monotonic()
        assert [taken(limit) for limit in limits] == [20, 20]
        assert time.monotonic() - started < 1.5
    finally:
        server.start()
    time.sleep(0.6)
    limits = two("redis is back")
    assert 20 <= sum(taken(limit) for limit in limits) <= 21


def test_a_redis_that_hangs_holds_nobody_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes connections and says nothing."""
    settings.RATE_LIMITS = True
    monkeypatch.setattr(redis.shared_buckets, "_paused_until", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        [limit, _] = two("hangs")
        started = time.monotonic()
        assert taken(limit) == 20
        assert time.monotonic() - started < 1.5
    monkeypatch.setattr(redis.shared_buckets, "_paused_until", 0.0)
