"""The three measurements. Each opens its crowd, warms up, measures, and ends."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from bench.client import Client
from bench.crowd import Target, crowd
from bench.people import Person
from bench.process import (
    cpu_seconds,
    memory_bytes,
    no_garbage_collection,
    own_cpu_seconds,
)
from bench.tally import Tally, now_us, percentile_ms

Figures = dict[str, float]

_WARM_UP_SECONDS = 1.0
_DRAIN_STEPS = 50  # of 20 ms
_GIVE_UP_SECONDS = 10.0
_PUBLISHERS = 4


async def steady(
    target: Target, people: Sequence[Person], *, rate: float, seconds: float
) -> Figures:
    """All are in one room. A few write `rate` messages a second, however slow the
    server is."""
    tally = Tally()
    async with crowd(target, people, tally) as clients:
        await publish(clients[:_PUBLISHERS], rate=rate, seconds=_WARM_UP_SECONDS)
        await drain(tally, due=tally.sent * len(clients))
        meter = _Meter(target, tally)
        with no_garbage_collection():
            await publish(clients[:_PUBLISHERS], rate=rate, seconds=seconds)
            await drain(tally, due=tally.sent * len(clients))
        return meter.read(due=meter.sent * len(clients))


async def full_pace(
    target: Target,
    people: Sequence[Person],
    *,
    seconds: float,
    writers: int | None = None,
) -> Figures:
    """Some or all write, each again as soon as their last message is through."""
    tally = Tally()
    sizes = Counter(person.room for person in people)
    per_message = len(people) / len(sizes)
    async with crowd(target, people, tally) as clients:
        watch = asyncio.create_task(_watch(clients, tally))
        _start(clients[:writers])
        await asyncio.sleep(_WARM_UP_SECONDS)
        meter = _Meter(target, tally)
        with no_garbage_collection():
            await asyncio.sleep(seconds)
            figures = meter.read()
        watch.cancel()
        _stop(clients)
        await drain(tally, due=tally.sent * per_message)
        # This counts the whole run, with the warm-up and the last messages.
        figures["complete"] = tally.delivered / (tally.sent * per_message)
        return figures


async def idle(
    target: Target, people: Sequence[Person], *, warm_up: int = 50
) -> Figures:
    """Open sockets that send nothing, and measure how much the server grew."""
    tally = Tally()
    async with crowd(target, people[:warm_up], tally):
        await asyncio.sleep(_WARM_UP_SECONDS)
    await asyncio.sleep(_WARM_UP_SECONDS)
    unique, resident = memory_bytes(target.pid)
    async with crowd(target, people, tally) as clients:
        await asyncio.sleep(2)
        unique_after, resident_after = memory_bytes(target.pid)
        return {
            "connections": len(clients),
            "unique_kib": (unique_after - unique) / 1024 / len(clients),
            "resident_kib": (resident_after - resident) / 1024 / len(clients),
            "closed": tally.closed,
        }


class _Meter:
    """Measures what happened since it was made."""

    def __init__(self, target: Target, tally: Tally) -> None:
        tally.forget_latencies()
        self._pid, self._tally = target.pid, tally
        self._sent, self._delivered = tally.sent, tally.delivered
        self._acknowledged = tally.acknowledged
        self._cpu, self._own_cpu = cpu_seconds(target.pid), own_cpu_seconds()
        self._started = time.monotonic()

    @property
    def sent(self) -> int:
        return self._tally.sent - self._sent

    @property
    def delivered(self) -> int:
        return self._tally.delivered - self._delivered

    def read(self, due: int | None = None) -> Figures:
        tally, delivered = self._tally, max(self.delivered, 1)
        acknowledged = tally.acknowledged - self._acknowledged
        seconds = time.monotonic() - self._started
        cpu = cpu_seconds(self._pid) - self._cpu
        return {
            "cpu_us": cpu * 1e6 / delivered,
            "messages_per_second": acknowledged / seconds,
            "messages_per_cpu_second": acknowledged / max(cpu, 0.01),
            "deliveries_per_second": delivered / seconds,
            "complete": delivered / due if due else 1.0,
            "p50_ms": percentile_ms(tally.delivery_us, 0.5),
            "p99_ms": percentile_ms(tally.delivery_us, 0.99),
            "reply_p50_ms": percentile_ms(tally.reply_us, 0.5),
            "reply_p99_ms": percentile_ms(tally.reply_us, 0.99),
            "server_busy": cpu / seconds,
            "load_busy": (own_cpu_seconds() - self._own_cpu) / seconds,
            "given_up": tally.given_up,
            "errors": tally.errors,
            "closed": tally.closed,
        }


async def publish(publishers: Sequence[Client], *, rate: float, seconds: float) -> None:
    """Send on time, however slow the server is. Latency counts from the due time."""
    start = now_us()
    for n in range(int(rate * seconds)):
        due = start + int(n * 1e6 / rate)
        if (ahead := due - now_us()) > 0:
            await asyncio.sleep(ahead / 1e6)
        publishers[n % len(publishers)].send_message(due)


def _start(clients: Sequence[Client]) -> None:
    for client in clients:
        client.repeat = True
        client.send_message()


def _stop(clients: Sequence[Client]) -> None:
    for client in clients:
        client.repeat = False


async def _watch(clients: Sequence[Client], tally: Tally) -> None:
    """Send again for clients without an answer: a loss must not stop the loop."""
    while True:
        await asyncio.sleep(0.25)
        late = now_us() - int(_GIVE_UP_SECONDS * 1e6)
        for client in clients:
            if 0 < client.sent_at < late:
                tally.given_up += 1
                client.send_message()


async def drain(tally: Tally, *, due: float) -> None:
    """Wait for messages on their way. When none came for a second, the rest is lost."""
    seen = -1
    while seen < tally.delivered < due:
        seen = tally.delivered
        for _ in range(_DRAIN_STEPS):
            if tally.delivered >= due:
                return
            await asyncio.sleep(0.02)
