"""`python -m bench.run`: measure Hubbub and the tutorials' way in turns, in one table.

It starts all services on loopback, measures for a bounded time, and stops them again.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvloop

from bench.crowd import Target
from bench.people import invent_people
from bench.plan import NAMES, Scenario, plan
from bench.process import allow_many_sockets, is_busy, pinned, share_cores
from bench.report import Results, report
from bench.scenarios import Figures
from bench.servers import Environment, Services, hubbub, hubbub_people, naive
from tests.services import postgres_server, redis_server

_LIMIT_SECONDS = 295


def main() -> None:
    options = _options()
    bound(_LIMIT_SECONDS)
    if is_busy():
        say("Other processes keep this machine busy: trust the ratios alone.")
    scenarios = plan(quick=options.quick, only=options.only)
    with _services() as services:
        say(f"{services.cores}.")
        results = _measure(scenarios, services, stores=options.baseline_stores)
    titles = {name: scenario.title for name, scenario in scenarios.items()}
    say("", report(results, titles, baseline_stores=options.baseline_stores))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))


def bound(seconds: int) -> None:
    """End the bench after `seconds` or on SIGTERM by raising SystemExit, so that it
    stops all that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the bench took too long"))
    signal.alarm(seconds)
    allow_many_sockets()


@contextmanager
def _services() -> Iterator[Services]:
    """Always services of our own: DATABASE_URL may name a database with real chats."""
    cores = share_cores()
    # These services run beside the load; the servers are pinned to another core.
    with (
        pinned(cores.load),
        postgres_server(fsync=True) as database,
        redis_server() as redis,
    ):
        yield Services(database_url=database.url, redis_url=redis.url, cores=cores)


def _measure(
    scenarios: dict[str, Scenario], services: Services, *, stores: bool
) -> Results:
    with naive(services, stores=stores) as baseline, hubbub(services) as (own, command):
        return {
            name: _take_turns(name, scenario, baseline, own, command)
            for name, scenario in scenarios.items()
        }


def _take_turns(
    name: str,
    scenario: Scenario,
    baseline: Target,
    own: Target,
    command: Environment,
) -> dict[str, list[Figures]]:
    """Measure both servers in turns: a noisy minute hits both and leaves the ratio."""
    size = {"users": scenario.users, "rooms": scenario.rooms}
    crowds = ((baseline, invent_people(**size)), (own, hubbub_people(command, **size)))
    figures: dict[str, list[Figures]] = {"naive": [], "hubbub": []}
    for _ in range(scenario.rounds):
        for server, people in crowds:
            say(f"{name}: {server.dialect} ...")
            figures[server.dialect].append(uvloop.run(scenario.measure(server, people)))
    return figures


def say(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take less than a minute")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--json", type=Path, help="write every round's figures here")
    parser.add_argument(
        "--baseline-stores",
        action="store_true",
        help="let the baseline store its messages too, as few tutorials do",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
