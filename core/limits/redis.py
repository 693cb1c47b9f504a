"""Token buckets that all processes share: one script in Redis, asked by one thread.

What waits while a request is under way goes into the next one, so a busy process makes
few of them. Redis may fail: then nobody is refused for it, nobody waits longer than
TIMEOUT_SECONDS, and for a while nobody asks (`is_up`).
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
# After a failure each process counts for itself so long.
PAUSE_SECONDS = 5.0
_MAX_BATCH = 200
# While nobody waits for an answer, what was taken is told so often.
_TELL_SECONDS = 0.02

# For each key: rate, burst, and the tokens that were taken already and are wanted now.
# Redis's own clock: those of the processes may differ.
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
    """What Redis said: whether the token was granted, and how many are left."""

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


class Tally:
    """The queue before Redis. Every answer comes: None when Redis did not give one."""

    def __init__(self) -> None:
        self._waiting: list[_Entry] = []
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._somebody_waits = threading.Event()
        self._thread: threading.Thread | None = None
        self._paused_until = 0.0

    @property
    def is_up(self) -> bool:
        return bool(settings.REDIS_URL) and time.monotonic() >= self._paused_until

    def ask(self, key: str, rate: float, burst: int) -> Future[Taken | None]:
        """Take a token, if there is one."""
        entry = _Entry(key, rate, burst, 0, 1, Future())
        self._put(entry)
        self._somebody_waits.set()
        return entry.answer

    def debit(
        self, key: str, rate: float, burst: int, *, tokens: int = 1
    ) -> Future[Taken | None]:
        """Tell of tokens that were taken here; the bucket may end below zero."""
        entry = _Entry(key, rate, burst, tokens, 0, Future())
        self._put(entry)
        return entry.answer

    def _put(self, entry: _Entry) -> None:
        with self._lock:
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="tally", daemon=True
                )
                self._thread.start()
        self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._somebody_waits.wait(_TELL_SECONDS)
            self._somebody_waits.clear()
            self._some.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), _MAX_BATCH):
                self._send(waiting[start : start + _MAX_BATCH])

    def _send(self, batch: list[_Entry]) -> None:
        # Who gave up waiting is counted all the same; only the answer is for nobody.
        heard = [e.answer.set_running_or_notify_cancel() for e in batch]
        answers = self._asked(batch)
        for entry, is_heard, answer in zip(batch, heard, answers, strict=True):
            if is_heard:
                entry.answer.set_result(answer)

    def _asked(self, batch: list[_Entry]) -> list[Taken | None]:
        if not self.is_up:
            return [None] * len(batch)
        arguments = [(e.rate, e.burst, e.used, e.wanted) for e in batch]
        try:
            script = _redis(settings.REDIS_URL).register_script(_SCRIPT)
            found = script(
                keys=[entry.key for entry in batch],
                args=[value for four in arguments for value in four],
            )
            now = time.monotonic()
            pairs = zip(found[::2], found[1::2], strict=True)
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


tally = Tally()
