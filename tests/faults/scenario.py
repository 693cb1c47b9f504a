"""A scenario: the harm that is done, the promises that must hold, and the result."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .checker import Counts
from .figures import Figures

if TYPE_CHECKING:
    from .stage import Stage


@dataclass(frozen=True, kw_only=True)
class Promise:
    """Bounds that a scenario keeps besides counters of 0; in seconds, None for none."""

    closes: int | None = None
    delivery: float | None = None
    answer_p99: float | None = None
    recovery_p99: float | None = None
    # The refusals that a client may see.
    codes: frozenset[str] = frozenset({"lost", "unavailable", "timeout"})


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    inject: Callable[["Stage"], Awaitable[None]]
    promise: Promise = Promise()
    # The time after the last fault in which every client must catch up.
    quiet_seconds: float = 30
    clients: int = 20
    rooms: int = 4
    # Between two messages of one client.
    pause_seconds: float = 0.08
    # Only clients at the first door write, so the others hear by the layer alone.
    one_sided: bool = False
    processes: int = 2
    with_redis: bool = True
    server: str = "uvicorn"
    settings: dict[str, str] = field(default_factory=dict)
    of_process: dict[int, dict[str, str]] = field(default_factory=dict)


@dataclass
class Result:
    scenario: Scenario
    faults: int
    counts: Counts
    figures: Figures
    notes: list[str]
    remarks: list[str]

    def problems(self) -> list[str]:
        """The promises that this run broke."""
        promise, figures = self.scenario.promise, self.figures
        broken = [f"{name} is not 0: {self.counts}" for name in self.counts.found()]
        limits = [
            ("sockets closed", figures.closes, promise.closes),
            ("longest delivery", figures.delivery_max, promise.delivery),
            ("answers, p99", figures.answer_p99, promise.answer_p99),
            ("coming back, p99", figures.recovery_p99, promise.recovery_p99),
        ]
        for what, value, limit in limits:
            if limit is not None and value > limit:
                broken.append(f"{what}: {value:.2f}, promised {limit}")
        if strange := figures.codes - promise.codes:
            broken.append(f"refused with {sorted(strange)}")
        if not figures.acknowledged:
            broken.append("nothing was acknowledged: the scenario proves nothing")
        return broken + self.notes
