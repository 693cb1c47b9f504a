"""`python -m bench.run`: measure Hubbub and other servers in turns, in one table.

It starts all services on loopback, measures for a bounded time, and stops them again.
"""

import argparse
import signal
import sys
from pathlib import Path

import msgspec

from bench.field import Field, field, wait_until_quiet
from bench.generator import program
from bench.goals import Rounds
from bench.growth import curves_as_text, measure_growth
from bench.page import write_page
from bench.process import allow_many_sockets, is_busy, share_cores
from bench.report import as_text
from bench.results import Results, new_results
from bench.scenarios import Scenario, scenarios
from bench.servers import own_services

_LIMIT_SECONDS = 595
_GROWTH_SECONDS = 900
# It is there for scale, and a turn of it takes longest.
_ONCE = "naive"
_NAMES = tuple(scenarios(quick=True))


def main() -> None:
    options = _options()
    bound(_LIMIT_SECONDS + options.growth * _GROWTH_SECONDS)
    if is_busy():
        say("Other processes keep this machine busy: trust the ratios alone.")
    program()
    plan = scenarios(quick=options.quick)
    chosen = {name: plan[name] for name in _NAMES if name in options.only}
    results = new_results(str(share_cores()))
    try:
        with own_services() as services:
            say(f"{services.cores}.")
            with field(services, baseline_stores=options.baseline_stores) as servers:
                _measure(chosen, servers, results.rounds)
            if options.growth:
                results.growth = measure_growth(services, say, quick=options.quick)
    finally:
        # The figures from before the time was up are told, too.
        _tell(results, options)


def _tell(results: Results, options: argparse.Namespace) -> None:
    if results.rounds:
        say("", as_text(results.rounds))
    if results.growth:
        say("", curves_as_text(results.growth))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    if options.page:
        write_page(options.page, results)


def bound(seconds: int) -> None:
    """End the bench after `seconds` or on SIGTERM by raising SystemExit, so that it
    stops all that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("the bench took too long"))
    signal.alarm(seconds)
    allow_many_sockets()


def _measure(plan: dict[str, Scenario], servers: Field, rounds: Rounds) -> None:
    """Measure the servers in turns: a noisy minute hits all and leaves the ratios."""
    for name, scenario in plan.items():
        say(f"{name}: {scenario.title}")
        turns = scenario.prepare(servers)
        rounds[name] = {server: [] for server in turns}
        for number in range(scenario.rounds):
            for server, measure in turns.items():
                if number and server == _ONCE:
                    continue
                rounds[name][server].append(measure())
                wait_until_quiet(getattr(servers, server))


def say(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--only", nargs="*", choices=_NAMES, default=_NAMES)
    parser.add_argument("--growth", action="store_true", help="growth curves as well")
    parser.add_argument("--json", type=Path, help="write every round's figures here")
    parser.add_argument("--page", type=Path, help="write a page, with plots in images/")
    parser.add_argument(
        "--baseline-stores",
        action="store_true",
        help="let the tutorials' way store its messages too, as few tutorials do",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
