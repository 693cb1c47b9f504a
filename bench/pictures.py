"""`python -m bench.pictures`: how much people who chat notice of hostile pictures.

It starts all services on loopback, measures for a bounded time, and stops them again.
"""

import argparse
import asyncio
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import psutil
import uvloop

from bench.client import Client
from bench.crowd import crowd, drain, publish
from bench.people import Person
from bench.process import Cores, is_busy, no_garbage_collection
from bench.run import bound, say
from bench.servers import Services, hubbub, hubbub_people
from bench.tally import Tally, percentile_ms
from bench.target import Target
from bench.uploads import Answers, Peaks, prepare, upload, uploader
from tests.services import postgres_server, redis_server

PEOPLE = 200
ROOMS = 20
UPLOADS = 200
MESSAGES_PER_SECOND = 40
_LIMIT_SECONDS = 590
_MIB = 1024 * 1024

Waits = list[tuple[float, float]]


class Results(msgspec.Struct):
    """`quiet` and `hostile` have each round's p50 and p99 of all deliveries, in ms."""

    rss: int
    quiet: Waits = []
    hostile: Waits = []
    answers: Answers = {}
    peaks: list[Peaks] = []
    complete: float = 0
    closed: int = 0


def main() -> None:
    options = _options()
    bound(_LIMIT_SECONDS)
    if is_busy():
        say("Other processes keep this machine busy: trust the ratio alone.")
    with postgres_server(fsync=True) as database, redis_server() as redis:
        # Nothing is pinned to a core, so that the decoders take one that is free.
        services = Services(database.url, redis.url, Cores(server=[], load=[]))
        # Each upload names another address as its own: see bench/uploads.py.
        with hubbub(services, TRUSTED_PROXIES="127.0.0.1") as (target, environment):
            people = hubbub_people(environment, PEOPLE, rooms=ROOMS)
            results = uvloop.run(_measure(target, people, options))
    say(*_report(results))


async def _measure(
    target: Target, people: Sequence[Person], options: argparse.Namespace
) -> Results:
    """Let quiet and hostile rounds take turns, so that other work is in both."""
    tally, loop, seconds = Tally(), asyncio.get_running_loop(), options.seconds
    with uploader() as elsewhere:
        say(f"{await loop.run_in_executor(elsewhere, prepare)} kinds of pictures")
        async with crowd(target, people, tally) as clients:
            await _chat(clients, tally, seconds)
            results = Results(psutil.Process(target.pid).memory_info().rss)
            for number in range(options.rounds):
                say(f"round {number + 1} of {options.rounds} ...")
                results.quiet.append(await _chat(clients, tally, seconds))
                uploading = loop.run_in_executor(
                    elsewhere, upload, target, people, UPLOADS, seconds
                )
                results.hostile.append(await _chat(clients, tally, seconds))
                answers, peaks = await uploading
                results.peaks.append(peaks)
                for kind, counts in answers.items():
                    results.answers.setdefault(kind, Counter()).update(counts)
        results.closed = tally.closed
        results.complete = tally.delivered / (tally.sent * PEOPLE / ROOMS)
    return results


async def _chat(
    clients: Sequence[Client], tally: Tally, seconds: float
) -> tuple[float, float]:
    tally.forget_latencies()
    with no_garbage_collection():
        await publish(clients, rate=MESSAGES_PER_SECOND, seconds=seconds)
        await drain(tally, due=tally.sent * PEOPLE / ROOMS)
    waits = tally.delivery_us
    return percentile_ms(waits, 0.5), percentile_ms(waits, 0.99)


def _report(results: Results) -> Iterator[str]:
    for kind, counts in results.answers.items():
        said = ", ".join(f"{n} x {answer}" for answer, n in sorted(counts.items()))
        yield f"{kind:42} {said}"
    yield ""
    for name, column in (("p50", 0), ("p99", 1)):
        quiet, hostile = (
            [waits[column] for waits in rounds]
            for rounds in (results.quiet, results.hostile)
        )
        times = statistics.median(hostile) / statistics.median(quiet)
        yield f"others' {name}: {_ms(quiet)} quiet, {_ms(hostile)} hostile"
        yield f"  {times:.2f} x"
    server = max(peaks.server for peaks in results.peaks)
    decoders = max(peaks.decoders for peaks in results.peaks)
    at_once = max(peaks.decoders_at_once for peaks in results.peaks)
    yield f"server: {results.rss // _MIB} MiB before, {server // _MIB} MiB at most"
    yield f"decoders: {at_once} at once, {decoders // _MIB} MiB together at most"
    yield f"delivered: {results.complete:.2%}; closed sockets: {results.closed}"


def _ms(rounds: Sequence[float]) -> str:
    """The median, the lowest and the highest."""
    middle, low, high = statistics.median(rounds), min(rounds), max(rounds)
    return f"{middle:.1f} ms ({low:.1f}-{high:.1f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20, help="of a round")
    return parser.parse_args()


if __name__ == "__main__":
    main()
