"""Pools of things that requests hold for a while, shared out among networks.

Each pool is of one thing: bytes of bodies in memory, uploads on the disk, downloads.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from core.audit import Event, record_refusal
from core.errors import RateLimited, Unavailable

RETRY_SECONDS = 5


class Busy(Unavailable):
    detail = "Too much is asked at once. Try again."


class Pool:
    """A network may hold half as much as stays free: a third of all when it is alone.

    The more of the pool is taken, the less a network may have. So however many networks
    take all that they get, some of it is left for a newcomer. (Packet switches share
    their memory in this way: Choudhury and Hahne, "Dynamic queue length thresholds",
    1998.)
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self._held: Counter[str] = Counter()
        self._free = size

    @contextmanager
    def share(self, network: str) -> Iterator["Share"]:
        """A share that is empty at first, and is given back when the block ends."""
        share = Share(self, network)
        try:
            yield share
        finally:
            self._free += share.amount
            self._held[network] -= share.amount
            if not self._held[network]:
                del self._held[network]

    def take(self, network: str, amount: int) -> None:
        """Raises RateLimited, or Busy when the network holds nothing.

        A network that holds nothing is not the one that asks for too much.
        """
        held, free = self._held.get(network, 0), self._free - amount
        if settings.RATE_LIMITS and held + amount > free / 2:
            record_refusal(Event.RATE_LIMITED, limit=self.name)
            refusal = RateLimited if held else Busy
            raise refusal(retry_after=RETRY_SECONDS)
        self._held[network] = held + amount
        self._free = free


class Share:
    """The part of a pool that one request holds."""

    def __init__(self, pool: Pool, network: str) -> None:
        self._pool = pool
        self._network = network
        self.amount = 0

    def take(self, amount: int) -> None:
        """Take more. Raises RateLimited, or Busy when others hold nearly all."""
        self._pool.take(self._network, amount)
        self.amount += amount
