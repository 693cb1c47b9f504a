"""The grace of a token: the reminder, the end of the token, the end of the grace."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from realtime.delivery.token_grace import TokenGrace
from realtime.protocol.prepared import PreparedFrame

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


def test_the_client_is_reminded_once_a_minute_before_the_end(at: Clock) -> None:
    grace = TokenGrace(END)
    at(END - timedelta(seconds=61))
    assert not grace.is_reminder_due()
    at(END - timedelta(seconds=60))
    assert grace.is_reminder_due()
    assert not grace.is_reminder_due()


def test_the_client_is_reminded_of_a_short_token_at_once(at: Clock) -> None:
    assert TokenGrace(NOW + timedelta(seconds=59)).is_reminder_due()


def test_the_reminder_for_a_renewed_short_token_comes_at_half_its_time(
    at: Clock,
) -> None:
    grace = TokenGrace(NOW + timedelta(seconds=10))
    assert grace.is_reminder_due()
    grace.renew(NOW + timedelta(seconds=20))
    at(NOW + timedelta(seconds=9.9))
    assert not grace.is_reminder_due()
    at(NOW + timedelta(seconds=10))
    assert grace.is_reminder_due()


def test_the_token_ends_on_time_and_the_grace_25_seconds_later(at: Clock) -> None:
    grace = TokenGrace(END)
    ended = []
    for seconds in (-0.001, 0, 24.999, 25):
        at(END + timedelta(seconds=seconds))
        ended.append((grace.has_ended(), grace.is_over()))
    assert ended == [(False, False), (True, False), (True, False), (True, True)]


def test_a_new_token_brings_the_kept_frames_in_order(at: Clock) -> None:
    grace = TokenGrace(END)
    one, two, three = map(PreparedFrame, (b"one", b"two", b"three"))
    assert [grace.keep(frame) for frame in (one, two)] == [3, 6]
    at(END + timedelta(seconds=1))
    assert grace.renew(END + timedelta(minutes=5)) == [one, two]
    assert not grace.has_ended()
    assert grace.expires_at == END + timedelta(minutes=5)
    assert grace.keep(three) == 5
    at(END + timedelta(minutes=4))
    assert grace.is_reminder_due()


def test_an_older_token_takes_no_time_away(at: Clock) -> None:
    grace = TokenGrace(END)
    grace.renew(END - timedelta(minutes=5))
    assert grace.expires_at == END
