"""A lease: when the client is told, when it falls silent, and when it is over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from realtime.delivery.token_grace import Lease

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
END = NOW + timedelta(minutes=10)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""

    def set_clock(now: datetime) -> None:
        monkeypatch.setattr("realtime.delivery.token_grace.time.time", now.timestamp)

    set_clock(NOW)
    return set_clock


Clock = Callable[[datetime], None]


def test_the_client_is_told_once_a_minute_ahead(at: Clock) -> None:
    lease = Lease(END)
    at(END - timedelta(seconds=61))
    assert not lease.remind()
    at(END - timedelta(seconds=60))
    assert lease.remind()
    assert not lease.remind()


def test_the_client_is_told_at_once_of_a_short_token(at: Clock) -> None:
    assert Lease(NOW + timedelta(seconds=59)).remind()


def test_a_renewed_token_of_seconds_is_asked_for_in_its_second_half(at: Clock) -> None:
    lease = Lease(NOW + timedelta(seconds=10))
    assert lease.remind()
    lease.renew(NOW + timedelta(seconds=20))
    at(NOW + timedelta(seconds=9.9))
    assert not lease.remind()
    at(NOW + timedelta(seconds=10))
    assert lease.remind()


def test_a_lease_ends_at_the_second_and_is_over_25_later(at: Clock) -> None:
    lease = Lease(END)
    ended = []
    for seconds in (-0.001, 0, 24.999, 25):
        at(END + timedelta(seconds=seconds))
        ended.append((lease.has_ended(), lease.is_over()))
    assert ended == [(False, False), (True, False), (True, False), (True, True)]


def test_a_new_token_gives_the_kept_frames_in_order(at: Clock) -> None:
    lease = Lease(END)
    assert [lease.keep(text) for text in ("one", "two")] == [3, 6]
    at(END + timedelta(seconds=1))
    assert lease.renew(END + timedelta(minutes=5)) == ["one", "two"]
    assert not lease.has_ended()
    assert lease.expires_at == END + timedelta(minutes=5)
    assert lease.keep("three") == 5
    at(END + timedelta(minutes=4))
    assert lease.remind()


def test_an_older_token_takes_no_time_away(at: Clock) -> None:
    lease = Lease(END)
    lease.renew(END - timedelta(minutes=5))
    assert lease.expires_at == END
