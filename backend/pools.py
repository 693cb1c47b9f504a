"""Pools of things that requests hold, shared out between networks.

Each pool is of one thing: bytes of bodies in memory, uploads on the disk, downloads.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from core.audit import Event, record_refusal
from core.errors import RateLimited, Refusal, Unavailable

RETRY_SECONDS = 5


class Busy(Unavailable):
    detail = "Too much is asked at once. Try again."


class Pool:
    """A network may hold half as much as stays free: a third of all when it is alone.

    The more is taken, the less a network may have: however many networks take all that
    they get, some of it is left for a newcomer. (Packet switches share their memory in
    this way: Choudhury and Hahne, "Dynamic queue length thresholds", 1998.)
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self._held: Counter[str] = Counter()
        self._free = size

    @contextmanager
    def lease(self, network: str) -> Iterator["Lease"]:
        """Holds nothing yet; what is taken is given back when the block ends."""
        lease = Lease(self, network)
        try:
            yield lease
        finally:
            self._free += lease.amount
            self._held[network] -= lease.amount
            if not self._held[network]:
                del self._held[network]

    def take(self, network: str, amount: int) -> None:
        held, free = self._held.get(network, 0), self._free - amount
        if settings.RATE_LIMITS and held + amount > free / 2:
            record_refusal(Event.RATE_LIMITED, limit=self.name)
            raise _full(held)
        self._held[network] = held + amount
        self._free = free


class Lease:
    """The share of a pool that one request holds."""

    def __init__(self, pool: Pool, network: str) -> None:
        self._pool = pool
        self._network = network
        self.amount = 0

    def take(self, amount: int) -> None:
        """Take more. Raises RateLimited, or Busy when others hold nearly all."""
        self._pool.take(self._network, amount)
        self.amount += amount


def _full(held: int) -> Refusal:
    """A network that holds nothing is not the one that asks for too much."""
    if held:
        return RateLimited(retry_after=RETRY_SECONDS)
    return Busy(retry_after=RETRY_SECONDS)
