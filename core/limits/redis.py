"""Token buckets that all processes share: one script in Redis, called by one thread.

Whatever comes while a call is under way goes into the next call, so a busy process
makes few of them. When Redis fails, nobody is refused because of it, nobody waits for
longer than TIMEOUT_SECONDS, and Redis is left alone for a while (`is_up`).
"""

import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.1
# For this long after a failure each process counts for itself.
PAUSE_SECONDS = 5.0
_MAX_BATCH = 200
# How often tokens that were taken here are reported, while nobody waits for an answer.
_REPORT_SECONDS = 0.02

# For each key: rate, burst, the tokens that were taken already, and those wanted now.
# By Redis's own clock, since the clocks of the processes may differ.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local answers = {}
for i, key in ipairs(KEYS) do
    local rate, burst = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2])
    local used, wanted = tonumber(ARGV[i * 4 - 1]), tonumber(ARGV[i * 4])
    local kept = redis.call('HMGET', key, 'tokens', 'at')
    local tokens = tonumber(kept[1]) or burst
    local at = tonumber(kept[2]) or now
    tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
    tokens = math.min(burst, tokens - used)
    local granted = 0
    if wanted > 0 and tokens >= wanted - 1e-6 then
        tokens = tokens - wanted
        granted = 1
    end
    local full_in = math.ceil((burst - tokens) / rate * 1000) + 1000
    redis.call('HSET', key, 'tokens', string.format('%.6f', tokens),
               'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, full_in)
    answers[i * 2 - 1] = granted
    answers[i * 2] = string.format('%.6f', tokens)
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Redis's answer: whether the token was granted, and how many are left."""

    granted: bool
    left: float
    at: float


@dataclass(slots=True)
class _Entry:
    key: str
    rate: float
    burst: int
    used: int
    wanted: int
    answer: Future[Taken | None]


class SharedBuckets:
    """The queue before Redis. Every answer comes, as None when Redis gave none."""

    def __init__(self) -> None:
        self._waiting: list[_Entry] = []
        self._lock = threading.Lock()
        self._not_empty = threading.Event()
        self._somebody_waits = threading.Event()
        self._thread: threading.Thread | None = None
        self._paused_until = 0.0

    @property
    def is_up(self) -> bool:
        return bool(settings.REDIS_URL) and time.monotonic() >= self._paused_until

    def ask(self, key: str, rate: float, burst: int) -> Future[Taken | None]:
        """Take a token if there is one; the answer says whether there was."""
        entry = _Entry(key, rate, burst, 0, 1, Future())
        self._put(entry)
        self._somebody_waits.set()
        return entry.answer

    def debit(
        self, key: str, rate: float, burst: int, *, tokens: int = 1
    ) -> Future[Taken | None]:
        """Report tokens that were taken here, even if the bucket ends below zero."""
        entry = _Entry(key, rate, burst, tokens, 0, Future())
        self._put(entry)
        return entry.answer

    def _put(self, entry: _Entry) -> None:
        with self._lock:
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="shared-buckets", daemon=True
                )
                self._thread.start()
        self._not_empty.set()

    def _run(self) -> None:
        while True:
            self._not_empty.wait()
            self._somebody_waits.wait(_REPORT_SECONDS)
            self._somebody_waits.clear()
            self._not_empty.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), _MAX_BATCH):
                batch = waiting[start : start + _MAX_BATCH]
                for entry in batch:
                    entry.answer.set_running_or_notify_cancel()
                # A caller who gave up waiting has taken the token all the same.
                for entry, answer in zip(batch, self._call(batch), strict=True):
                    if entry.answer.running():
                        entry.answer.set_result(answer)

    def _call(self, batch: list[_Entry]) -> list[Taken | None]:
        if not self.is_up:
            return [None] * len(batch)
        arguments = [(e.rate, e.burst, e.used, e.wanted) for e in batch]
        try:
            script = _redis(settings.REDIS_URL).register_script(_SCRIPT)
            answers = script(
                keys=[entry.key for entry in batch],
                args=[value for four in arguments for value in four],
            )
            now = time.monotonic()
            pairs = zip(answers[::2], answers[1::2], strict=True)
            return [Taken(bool(ok), float(left), now) for ok, left in pairs]
        except (RedisError, OSError, ValueError) as error:
            logger.warning("limits: Redis: %s", type(error).__name__)
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            return [None] * len(batch)


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


shared_buckets = SharedBuckets()
