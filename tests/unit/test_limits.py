"""Token buckets: what comes at once, what comes back, and for how long to wait."""

import time

import pytest
from pytest_django import Settings

from accounts.models import User
from chat import limits
from chat.actions.messages import draft_message
from chat.errors import RateLimited
from chat.limits import RateLimit


class Clock:
    """Stands still until it is moved; ahead of the real one, which made the buckets."""

    def __init__(self) -> None:
        self.now = time.monotonic() + 1000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    clock = Clock()
    monkeypatch.setattr("chat.limits.time.monotonic", clock)
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


def test_burst_comes_at_once(limit: RateLimit) -> None:
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


def test_refusals_cost_nothing(limit: RateLimit, clock: Clock) -> None:
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


def test_wait_is_until_the_next_token(limit: RateLimit, clock: Clock) -> None:
    taken(limit)
    clock.now += 0.1
    with pytest.raises(RateLimited) as refused:
        limit.take("alice")
    assert refused.value.retry_after == pytest.approx(0.4)


def test_waiting_as_told_is_enough(clock: Clock) -> None:
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


def test_longest_unseen_keys_fall_out(
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


def test_messages_are_limited_by_person(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "messages", RateLimit(rate=1, burst=1))
    alice, bob = User(username="alice"), User(username="bob")
    draft_message(alice, "room", client_id="1", body="hello")
    draft_message(bob, "room", client_id="1", body="hello")
    with pytest.raises(RateLimited):
        draft_message(alice, "another room", client_id="2", body="hello")


def test_buckets_in_use_are_those_of_the_table() -> None:
    table = limits.LIMITS
    messages, commands = limits.messages, limits.commands
    assert (messages.rate, messages.burst) == (5, 20)
    assert (commands.rate, commands.burst) == (20, 60)
    assert (table.messages_per_second, table.messages_burst) == (5, 20)
    assert (table.commands_per_second, table.commands_burst) == (20, 60)
