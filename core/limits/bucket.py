"""Token buckets: how often somebody may do something.

A bucket holds up to `burst` tokens and gets `rate` new ones a second; each act takes
one. With Redis a bucket is shared by all processes (core/limits/redis.py), without it
each process has its own.
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
from .redis import Taken, shared_buckets

# One token, less the error of adding up fractions.
_ONE = 1 - 1e-9


def hashed_key(typed: str) -> str:
    """The key of a name or an address that somebody typed: Redis stores neither."""
    return blake2b(typed.lower().encode(), digest_size=16).hexdigest()


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float = field(default_factory=time.monotonic)
    # Redis's answer to the latest token that was taken here and reported.
    reported: Future[Taken | None] | None = None
    # How many callers wait for Redis to grant them a token.
    waiting: int = 0


class RateLimit:
    """A token bucket for each key. A shared one counts in all processes together."""

    # Beyond this the key that was used longest ago is forgotten.
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
        """`by` says what the keys are, for the log. Without it the log has no key."""
        self.rate = rate
        self.burst = burst
        self.name = name
        self.by = by
        self.shared = shared
        self._buckets: OrderedDict[object, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def times(self, factor: int) -> "RateLimit":
        """A limit of the same name that allows this many times as much."""
        return RateLimit(
            self.rate * factor,
            self.burst * factor,
            name=self.name,
            by=self.by,
            shared=self.shared,
        )

    def take(self, key: object) -> None:
        """Raises RateLimited, with the seconds to wait, when the bucket is empty.

        It may wait for Redis, for a tenth of a second at most, so never call it on the
        event loop.
        """
        if asked := self._begin(key):
            self._settle(key, asked.result())

    async def take_soon(self, key: object) -> None:
        """The same, on the event loop."""
        if asked := self._begin(key):
            try:
                taken = await asyncio.wrap_future(asked)
            except asyncio.CancelledError:
                self._stop_waiting(key)
                raise
            self._settle(key, taken)

    def take_now(self, key: object) -> None:
        """The same, without waiting: refuses when Redis would have to be asked."""
        if self._begin(key):
            self._stop_waiting(key)
            raise RateLimited(retry_after=1 / self.rate)

    def give_back(self, key: object) -> None:
        """Put a token back that was taken."""
        with self._lock:
            bucket = self._filled(key)
            bucket.tokens = min(self.burst, bucket.tokens + 1)
        if self.shared and shared_buckets.is_up:
            shared_buckets.debit(self._shared(key), self.rate, self.burst, tokens=-1)

    def _begin(self, key: object) -> Future[Taken | None] | None:
        """Take a token here, or ask Redis for one.

        One token is taken before Redis knows of it, so that a person who does one thing
        at a time never waits. More tokens in the same moment have to be granted first.
        """
        if not settings.RATE_LIMITS:
            return None
        with self._lock:
            bucket = self._filled(key)
            if bucket.tokens < _ONE:
                raise self._refusal(key, bucket.tokens)
            if not (self.shared and shared_buckets.is_up):
                bucket.tokens -= 1
                return None
            is_unknown = bucket.reported is not None and not bucket.reported.done()
            if is_unknown or bucket.waiting:
                bucket.waiting += 1
                return shared_buckets.ask(self._shared(key), self.rate, self.burst)
            self._read_report(bucket)
            if bucket.tokens < _ONE:
                raise self._refusal(key, bucket.tokens)
            bucket.tokens -= 1
            bucket.reported = shared_buckets.debit(
                self._shared(key), self.rate, self.burst
            )
            return None

    def _settle(self, key: object, taken: Taken | None) -> None:
        """Redis answered. If it did not, the process's own bucket decides."""
        self._stop_waiting(key)
        with self._lock:
            bucket = self._filled(key)
            if taken is not None:
                bucket.tokens = taken.left
                # Redis answers in turn, so its earlier answer is out of date.
                if bucket.reported is not None and bucket.reported.done():
                    bucket.reported = None
            elif bucket.tokens >= _ONE:
                bucket.tokens -= 1
                return
            if taken is None or not taken.granted:
                raise self._refusal(key, bucket.tokens)

    def _stop_waiting(self, key: object) -> None:
        with self._lock:
            bucket = self._filled(key)
            bucket.waiting = max(0, bucket.waiting - 1)

    def _read_report(self, bucket: _Bucket) -> None:
        """Redis's latest answer knows what the other processes have taken."""
        reported, bucket.reported = bucket.reported, None
        if reported is not None and (taken := reported.result()) is not None:
            earned = (time.monotonic() - taken.at) * self.rate
            bucket.tokens = min(self.burst, taken.left + earned)

    def _refusal(self, key: object, tokens: float) -> RateLimited:
        # Rounded up, so that a client that waits this long is let in.
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
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.burst)
            if len(self._buckets) > self.MAX_KEYS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        now = time.monotonic()
        earned = (now - bucket.filled_at) * self.rate
        bucket.tokens = min(self.burst, bucket.tokens + earned)
        bucket.filled_at = now
        return bucket
