"""Token buckets: what comes at once, what comes back, and for how long to wait."""

import time

import pytest
from pytest_django import Settings

from chat.actions.messages import send_message
from chat.errors import RoomNotFound
from core import limits
from core.errors import RateLimited
from core.limits.bucket import RateLimit
from core.limits.network import NetworkLimit, PersonLimit
from tests.people import acting, person

from .threads import at_once


class Clock:
    """Stands still until it is moved; ahead of the real one, which made the buckets."""

    def __init__(self) -> None:
        self.now = time.monotonic() + 1000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    clock = Clock()
    monkeypatch.setattr("core.limits.bucket.time.monotonic", clock)
    settings.RATE_LIMITS = True
    return clock


@pytest.fixture
def limit(clock: Clock) -> RateLimit:
    return RateLimit(rate=2, burst=3)


def taken(limit: RateLimit, key: object = "alice", tries: int = 10) -> int:
    """How many of so many tries were not refused."""
    count = 0
    for _ in range(tries):
        try:
            limit.take(key)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_burst_is_granted_at_once(limit: RateLimit) -> None:
    assert taken(limit) == 3


def test_bucket_fills_at_its_rate(limit: RateLimit, clock: Clock) -> None:
    taken(limit)
    clock.now += 1
    assert taken(limit) == 2
    clock.now += 0.5
    assert taken(limit) == 1


def test_bucket_never_holds_more_than_the_burst(limit: RateLimit, clock: Clock) -> None:
    taken(limit)
    clock.now += 1_000_000
    assert taken(limit) == 3


def test_a_refusal_takes_no_token(limit: RateLimit, clock: Clock) -> None:
    taken(limit, tries=100)
    clock.now += 0.5
    assert taken(limit) == 1


def test_parts_of_a_token_add_up(limit: RateLimit, clock: Clock) -> None:
    taken(limit)
    for _ in range(3):
        clock.now += 0.125
        assert taken(limit, tries=1) == 0
    clock.now += 0.125
    assert taken(limit, tries=1) == 1


def test_the_wait_is_until_the_next_token(limit: RateLimit, clock: Clock) -> None:
    taken(limit)
    clock.now += 0.1
    with pytest.raises(RateLimited) as refused:
        limit.take("alice")
    # Rounded up to hundredths, and the clock counts in fractions.
    assert refused.value.retry_after == pytest.approx(0.4, abs=0.011)


def test_a_person_who_waits_as_told_is_let_in(clock: Clock) -> None:
    limit = RateLimit(rate=3, burst=1)
    limit.take("alice")
    with pytest.raises(RateLimited) as refused:
        limit.take("alice")
    assert refused.value.retry_after is not None
    clock.now += refused.value.retry_after
    limit.take("alice")


def test_each_key_has_its_own_bucket(limit: RateLimit) -> None:
    assert taken(limit, "alice") == 3
    assert taken(limit, "bob") == 3


def test_the_key_that_was_used_longest_ago_is_forgotten(
    limit: RateLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimit, "MAX_KEYS", 2)
    assert [taken(limit, key) for key in ("alice", "bob")] == [3, 3]
    assert taken(limit, "alice") == 0
    assert taken(limit, "charlie") == 3
    assert taken(limit, "alice") == 0
    assert taken(limit, "bob") == 3


def test_limits_may_be_off(limit: RateLimit, settings: Settings) -> None:
    settings.RATE_LIMITS = False
    assert taken(limit, tries=1000) == 1000


@pytest.mark.django_db
def test_messages_are_limited_by_person(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "messages", RateLimit(rate=1, burst=1))
    alice, bob = (person(name) for name in ("alice", "bob"))
    nowhere = "no room has this id"
    for sender in (alice, bob):
        with pytest.raises(RoomNotFound):
            send_message(acting(sender), nowhere, client_id="1", body="hello")
    with pytest.raises(RateLimited):
        send_message(acting(alice), nowhere, client_id="2", body="hello")


def test_a_token_that_is_given_back_does_not_count(limit: RateLimit) -> None:
    taken(limit, tries=2)
    limit.give_back("alice")
    assert taken(limit) == 2


def test_a_bucket_never_gets_back_more_than_it_holds(limit: RateLimit) -> None:
    for _ in range(10):
        limit.give_back("alice")
    assert taken(limit) == 3


async def test_the_event_loop_counts_in_the_same_buckets(limit: RateLimit) -> None:
    assert taken(limit, tries=2) == 2
    await limit.take_soon("alice")
    with pytest.raises(RateLimited):
        await limit.take_soon("alice")


def test_a_refusal_names_the_limit(clock: Clock) -> None:
    limit = RateLimit(rate=0.5, burst=3, name="typing")
    taken(limit, tries=3)
    with pytest.raises(RateLimited) as refused:
        limit.take("alice")
    policy = refused.value.policy
    assert policy is not None
    assert (policy.name, policy.quota, policy.window) == ("typing", 3, 6)


def test_threads_do_not_take_the_same_token(clock: Clock) -> None:
    limit = RateLimit(rate=0.001, burst=50)
    counts = at_once([lambda: taken(limit, tries=20) for _ in range(8)])
    assert sum(count for count in counts if isinstance(count, int)) == 50


def bucket(name: str) -> RateLimit:
    limit = getattr(limits, name)
    match limit:
        case NetworkLimit():
            return limit.limit
        case PersonLimit():
            return limit.own
        case RateLimit():
            return limit
    raise AssertionError(limit)
