"""The counts and latencies of people who chat.

All of its code runs in one thread, so that nothing is locked.
"""

import dataclasses
import time
from collections.abc import Sequence


def now_us() -> int:
    """The one clock of the load: sender and receiver share a process."""
    return time.monotonic_ns() // 1000


@dataclasses.dataclass(slots=True)
class Tally:
    sent: int = 0
    delivered: int = 0
    errors: int = 0
    closed: int = 0
    last_error: str = ""
    delivery_us: list[int] = dataclasses.field(default_factory=list)

    def forget_latencies(self) -> None:
        """Start a measured window: everything before it was warm-up."""
        self.delivery_us.clear()


def percentile_ms(samples: Sequence[int], share: float) -> float:
    if not samples:
        return float("nan")
    ordered = sorted(samples)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] / 1000
