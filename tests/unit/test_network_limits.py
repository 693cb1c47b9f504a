"""Buckets of networks, alone and together with those of their people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from core import audit
from core.errors import RateLimited
from core.limits.bucket import RateLimit
from core.limits.network import NetworkLimit, PersonLimit

HOME = "2001:db8:0:{:x}::1"


@pytest.fixture(autouse=True)
def _on(settings: Settings) -> None:
    settings.RATE_LIMITS = True


@contextmanager
def asked_from(address: str) -> Iterator[None]:
    audit.set_client_address(address)
    try:
        yield
    finally:
        audit.set_client_address("")


def through(take: Callable[[str], None], *keys: str) -> int:
    """For how many of the keys there was a token."""
    count = 0
    for key in keys:
        try:
            take(key)
        except RateLimited:
            continue
        count += 1
    return count


def by_network(burst: int) -> NetworkLimit:
    return NetworkLimit(RateLimit(0.001, burst, name="things"))


def test_a_whole_64_is_one_address() -> None:
    limit = by_network(3)
    assert through(limit.take, *[f"2001:db8::{n:x}" for n in range(10)]) == 3


def test_a_56_may_do_four_times_as_much_as_a_64() -> None:
    """256 /64s have no more than four of them."""
    limit = by_network(3)
    addresses = [HOME.format(n % 256) for n in range(1000)]
    assert through(limit.take, *addresses) == 12
    assert through(limit.take, *["2001:db8:0:100::1"] * 10) == 3


def test_a_64_leaves_the_others_of_its_56_their_share() -> None:
    """A refusal of the /64 itself costs the /56 nothing."""
    limit = by_network(3)
    assert through(limit.take, *[HOME.format(0)] * 1000) == 3
    assert through(limit.take, *[HOME.format(n) for n in (1, 2, 3) for _ in "123"]) == 9


def test_a_refusal_of_the_56_takes_nothing_from_the_64() -> None:
    limit = by_network(3)
    through(limit.take, *[HOME.format(n % 256) for n in range(1000)])
    assert through(limit.take, HOME.format(0xFF)) == 0
    assert through(limit.limit.take, *["2001:db8:0:ff::/64"] * 5) == 3


async def test_the_event_loop_counts_in_the_same_buckets() -> None:
    limit = by_network(3)
    for n in range(12):
        await limit.take_soon(HOME.format(n))
    with pytest.raises(RateLimited):
        await limit.take_soon(HOME.format(99))
    with pytest.raises(RateLimited):
        limit.take(HOME.format(98))


@pytest.fixture
def limit() -> PersonLimit:
    """Two things at once of a person, five of a network."""
    return PersonLimit(RateLimit(0.001, 2), by_network(5))


def test_the_people_of_an_address_count_together(limit: PersonLimit) -> None:
    people = [f"person {n}" for n in range(20)]
    with asked_from("192.0.2.1"):
        assert through(limit.take, *people, *people) == 5
    with asked_from("192.0.2.2"):
        assert through(limit.take, "person 19", "person 19") == 2


def test_a_refusal_of_a_person_takes_nothing_from_their_network(
    limit: PersonLimit,
) -> None:
    with asked_from("192.0.2.1"):
        assert through(limit.take, *["alice"] * 100) == 2
        assert through(limit.take, "bob", "bob", "charlie") == 3


def test_work_without_a_client_counts_by_person_alone(limit: PersonLimit) -> None:
    people = [f"person {n}" for n in range(20)]
    assert through(limit.take, *people, *people) == 40


async def test_a_person_and_their_network_are_counted_on_the_event_loop_too(
    limit: PersonLimit,
) -> None:
    with asked_from("192.0.2.1"):
        for person in ("alice", "alice", "bob", "bob", "charlie"):
            await limit.take_soon(person)
        with pytest.raises(RateLimited):
            await limit.take_soon("dora")
