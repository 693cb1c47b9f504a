"""Token buckets: how often somebody may do something.

A bucket holds `burst` tokens and gets `rate` new ones a second; what is done takes one.
The process's own buckets decide at once. Where there is a Redis, the buckets of all
processes are one (core/limits/redis.py), and without it each process counts for itself.
"""

import asyncio
import math
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b

from django.conf import settings

from ..audit import Event, record_refusal
from ..errors import Policy, RateLimited
from .redis import Taken, tally

# Less the error of adding up fractions.
_ONE = 1 - 1e-9


def hashed_key(typed: str) -> str:
    """Of a name or an address that somebody typed: Redis need not know who it is."""
    return blake2b(typed.lower().encode(), digest_size=16).hexdigest()


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float = field(default_factory=time.monotonic)
    # What was taken here and is not yet in Redis.
    told: Future[Taken | None] | None = None
    # How many wait for Redis to grant them a token.
    asking: int = 0


class RateLimit:
    """A token bucket for each key. A shared one counts in all processes together."""

    # Keys that have not been seen for long fall out: the table cannot grow for ever.
    MAX_KEYS = 50_000

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        name: str = "",
        by: str = "",
        shared: bool = False,
    ) -> None:
        """`by` says whose id the keys are, for the log; without it none is told."""
        self.rate = rate
        self.burst = burst
        self.name = name
        self.by = by
        self.shared = shared
        self._buckets: OrderedDict[object, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def times(self, factor: int) -> "RateLimit":
        """A limit of the same name that allows so many times as much."""
        return RateLimit(
            self.rate * factor,
            self.burst * factor,
            name=self.name,
            by=self.by,
            shared=self.shared,
        )

    def take(self, key: object) -> None:
        """Raises RateLimited, with the seconds to wait, when the bucket is empty.

        May wait for Redis, a tenth of a second at most: not for the event loop.
        """
        if asked := self._begin(key):
            self._settle(key, asked.result())

    async def take_soon(self, key: object) -> None:
        """The same, on the event loop."""
        if asked := self._begin(key):
            try:
                taken = await asyncio.wrap_future(asked)
            except asyncio.CancelledError:
                self._answered(key)
                raise
            self._settle(key, taken)

    def take_now(self, key: object) -> None:
        """The same, never waiting: who would have to ask Redis first is refused."""
        if self._begin(key):
            self._answered(key)
            raise RateLimited(retry_after=1 / self.rate)

    def give_back(self, key: object) -> None:
        """What was taken shall not count after all."""
        with self._lock:
            bucket = self._filled(key)
            bucket.tokens = min(self.burst, bucket.tokens + 1)
        if self.shared and tally.is_up:
            tally.debit(self._shared(key), self.rate, self.burst, tokens=-1)

    def _begin(self, key: object) -> Future[Taken | None] | None:
        """Take a token here, or ask Redis for one.

        One token is taken before Redis is told, so that who does one thing at a time
        never waits for it. More in the same moment have to ask first.
        """
        if not settings.RATE_LIMITS:
            return None
        with self._lock:
            bucket = self._filled(key)
            if bucket.tokens < _ONE:
                raise self._refusal(key, bucket.tokens)
            if not (self.shared and tally.is_up):
                bucket.tokens -= 1
                return None
            is_untold = bucket.told is not None and not bucket.told.done()
            if is_untold or bucket.asking:
                bucket.asking += 1
                return tally.ask(self._shared(key), self.rate, self.burst)
            self._read_told(bucket)
            if bucket.tokens < _ONE:
                raise self._refusal(key, bucket.tokens)
            bucket.tokens -= 1
            bucket.told = tally.debit(self._shared(key), self.rate, self.burst)
            return None

    def _settle(self, key: object, taken: Taken | None) -> None:
        """Redis answered, or did not: then the process's own bucket decides."""
        self._answered(key)
        with self._lock:
            bucket = self._filled(key)
            if taken is not None:
                bucket.tokens = taken.left
                # Redis answers in turn: what it said before this is old now.
                if bucket.told is not None and bucket.told.done():
                    bucket.told = None
            elif bucket.tokens >= _ONE:
                bucket.tokens -= 1
                return
            if taken is None or not taken.granted:
                raise self._refusal(key, bucket.tokens)

    def _answered(self, key: object) -> None:
        with self._lock:
            bucket = self._filled(key)
            bucket.asking = max(0, bucket.asking - 1)

    def _read_told(self, bucket: _Bucket) -> None:
        """What the other processes took since is known with Redis's last answer."""
        told, bucket.told = bucket.told, None
        if told is not None and (taken := told.result()) is not None:
            earned = (time.monotonic() - taken.at) * self.rate
            bucket.tokens = min(self.burst, taken.left + earned)

    def _refusal(self, key: object, tokens: float) -> RateLimited:
        # Rounded up: whoever waits as told must get in.
        wait = math.ceil((1 - tokens) / self.rate * 100) / 100
        whose = {self.by: key} if self.by else {}
        record_refusal(Event.RATE_LIMITED, limit=self.name, **whose)
        window = math.ceil(self.burst / self.rate)
        return RateLimited(
            retry_after=wait, policy=Policy(self.name, self.burst, window)
        )

    def _shared(self, key: object) -> str:
        return f"hubbub:limit:{self.name}:{key}"

    def _filled(self, key: object) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(self.burst))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self.MAX_KEYS:
            self._buckets.popitem(last=False)
        now = time.monotonic()
        earned = (now - bucket.filled_at) * self.rate
        bucket.tokens = min(self.burst, bucket.tokens + earned)
        bucket.filled_at = now
        return bucket
