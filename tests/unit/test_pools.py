"""How much of a pool a network may hold while others hold some of it."""

from contextlib import ExitStack, suppress

import pytest
from pytest_django import Settings

from backend.pools import Busy, Pool
from core.errors import RateLimited


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.RATE_LIMITS = True


def taken(pool: Pool, network: str, held: ExitStack) -> int:
    """How often a network may take one, until it is refused."""
    share = held.enter_context(pool.share(network))
    with suppress(RateLimited, Busy):
        for _ in range(1_000):
            share.take(1)
    return share.amount


def test_a_network_alone_gets_a_third() -> None:
    with ExitStack() as held:
        assert taken(Pool("things", 300), "192.0.2.1", held) == 100


def test_greedy_networks_leave_something_for_a_newcomer() -> None:
    pool = Pool("things", 300)
    with ExitStack() as held:
        greedy = [taken(pool, f"192.0.2.{n}", held) for n in range(6)]
        assert greedy == sorted(greedy, reverse=True)
        assert taken(pool, "198.51.100.1", held) >= 3


def test_a_share_is_given_back_when_its_block_ends() -> None:
    pool = Pool("things", 300)
    for _ in range(3):
        with ExitStack() as held:
            assert taken(pool, "192.0.2.1", held) == 100


def test_shares_of_one_network_count_together() -> None:
    pool = Pool("things", 300)
    with pool.share("192.0.2.1") as one, pool.share("192.0.2.1") as other:
        one.take(60)
        with pytest.raises(RateLimited) as refused:
            other.take(60)
        assert refused.value.retry_after
        assert other.amount == 0


def test_a_network_that_holds_nothing_is_told_that_the_server_is_busy() -> None:
    pool = Pool("things", 300)
    with pytest.raises(Busy), pool.share("192.0.2.1") as share:
        share.take(200)


def test_load_tests_from_one_address_are_not_refused(settings: Settings) -> None:
    settings.RATE_LIMITS = False
    with Pool("things", 3).share("192.0.2.1") as share:
        share.take(300)
