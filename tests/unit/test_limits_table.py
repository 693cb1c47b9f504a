"""The table of limits: its buckets, its variables, its page."""

import re
import time
from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from core import limits
from core.limits.bucket import RateLimit
from core.limits.network import NetworkLimit, PersonLimit
from core.limits.table import Limits, read, variable


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


RATES = {
    "messages": (5, 20),
    "commands": (20, 60),
    "network_commands": (200, 600),
    "network_messages": (30, 60),
    "rooms": (60 / 3600, 20),
    "room_changes": (0.5, 30),
    "joins": (0.5, 20),
    "member_changes": (1, 60),
    "profile_changes": (20 / 60, 20),
    "invitations": (0.5, 30),
    "typing": (1, 5),
    "uploads": (1, 20),
    "invitation_codes": (10 / 60, 20),
    "searches": (2, 10),
    "frames": (100, 100),
    "connects": (10, 100),
    "logins": (10 / 60, 20),
    "failed_logins": (20 / 3600, 5),
    "refreshes": (2, 120),
    "registrations": (10 / 3600, 20),
    "mails": (20 / 3600, 5),
    "network_mails": (60 / 3600, 20),
    "guests": (60 / 3600, 20),
}

# They guard the process's own time.
_BY_PROCESS = {"frames", "network_commands", "network_messages"}


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


@pytest.mark.parametrize("name", RATES)
def test_each_limit_in_use_has_the_numbers_of_the_table(name: str) -> None:
    limit = bucket(name)
    assert (limit.rate, limit.burst) == RATES[name]
    assert limit.name == name
    assert limit.shared is (name not in _BY_PROCESS)


def test_every_rate_of_the_table_has_a_bucket() -> None:
    fields = Limits.__struct_fields__
    named = {f.removesuffix("_burst") for f in fields if f.endswith("_burst")}
    assert named == RATES.keys()


def test_the_environment_sets_limits() -> None:
    table = read({"messages_per_second": "0.5", "messages_burst": "2"})
    assert (table.messages_per_second, table.messages_burst) == (0.5, 2)
    assert table.commands_burst == Limits().commands_burst


@pytest.mark.parametrize(
    "found",
    [
        {"messages_burst": value}
        for value in ("0", "-1", "1.5", "many", "nan", "9" * 20, "")
    ]
    + [{"messages_per_second": value} for value in ("0", "-1", "nan", "inf", "x")]
    + [{"frame_bytes": "100000"}, {"nonsense": "1"}],
    ids=str,
)
def test_a_variable_that_is_no_limit_stops_the_start(found: dict[str, str]) -> None:
    with pytest.raises(ImproperlyConfigured):
        read(found)


def test_the_operations_page_has_every_limit_and_its_default() -> None:
    """The table of docs/operations.md: the variable, and its default."""
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    rows = re.findall(
        r"^\| `(LIMIT_[A-Z_]+)`(?: \*)? \| `([\d.]+)` \|", page, re.MULTILINE
    )
    documented = {name: float(value) for name, value in rows}
    defaults = msgspec.structs.asdict(Limits())
    assert documented == {variable(name): value for name, value in defaults.items()}
