"""Requests over connections that stay open, and what they cost the server."""

import http.client
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.people import Person
from bench.process import cpu_seconds
from bench.target import Target


class Ask(msgspec.Struct, frozen=True):
    """A request. `body` makes the JSON of the n-th one."""

    method: str
    path: str
    body: Callable[[int], object] | None = None


class Cost(msgspec.Struct, frozen=True):
    count: int
    cpu_seconds: float
    median_ms: float

    @property
    def per_cpu_second(self) -> float:
        return self.count / max(self.cpu_seconds, 0.01)


def cost_of(
    target: Target, person: Person, ask: Ask, *, seconds: float, at_once: int = 1
) -> Cost:
    """Ask again and again for a while, each time when the last answer came."""
    turns = itertools.count()
    before, until = cpu_seconds(target.pid), time.monotonic() + seconds

    def answers() -> list[float]:
        return list(_answers(target, person, ask, turns, until))

    with ThreadPoolExecutor(at_once) as pool:
        asked = [pool.submit(answers) for _ in range(at_once)]
        waits = [wait for one in asked for wait in one.result()]
    spent = cpu_seconds(target.pid) - before
    return Cost(len(waits), spent, statistics.median(waits) * 1000)


def _answers(
    target: Target, person: Person, ask: Ask, turns: Iterator[int], until: float
) -> Iterator[float]:
    """The seconds that each answer took. Raises for a refusal, which costs less."""
    line = http.client.HTTPConnection(target.host, target.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {person.token}",
        "Content-Type": "application/json",
    }
    while time.monotonic() < until:
        body = msgspec.json.encode(ask.body(next(turns))) if ask.body else None
        began = time.monotonic()
        line.request(ask.method, ask.path, body, headers)
        answer = line.getresponse()
        said = answer.read()
        yield time.monotonic() - began
        if answer.status >= 300:
            raise ConnectionError(f"{ask.path}: {answer.status} {said[:200]!r}")
    line.close()
