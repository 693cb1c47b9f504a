"""`make faults`: every scenario in full, and a table of what was counted.

Exits 1 when a promise was broken. `python -m tests.faults redis` plays those whose name
has the word; `--share 0.1` a tenth of the time; the histories stay in `--histories`.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

from .checker import Counts
from .cluster import services
from .plan import PLAN
from .scenario import Result
from .stage import play

COUNTERS = [field.name for field in fields(Counts)]
HEAD = [
    "scenario",
    "faults",
    "acknowledged",
    *COUNTERS,
    "longest delivery",
    "back p99",
    "besides",
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("words", nargs="*", help="only scenarios with one of these")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--histories", type=Path)
    options = parser.parse_args()
    directory = options.histories or Path(tempfile.mkdtemp(prefix="hubbub-faults-"))
    directory.mkdir(parents=True, exist_ok=True)
    print(" | ".join(HEAD), flush=True)
    results = []
    with services(directory) as found:
        for scenario, seconds, _ in PLAN:
            if not options.words or any(w in scenario.name for w in options.words):
                lasting = seconds * options.share
                result = asyncio.run(play(scenario, found, directory, seconds=lasting))
                results.append(result)
                print(_row(result), flush=True)
    return _conclude(results, directory)


def _row(result: Result) -> str:
    figures = result.figures
    cells = [
        result.scenario.name,
        result.faults,
        figures.acknowledged,
        *(getattr(result.counts, name) for name in COUNTERS),
        f"{figures.delivery_max:.2f} s",
        f"{figures.recovery_p99:.2f} s",
        "; ".join(result.remarks),
    ]
    return " | ".join(str(cell) for cell in cells)


def _conclude(results: list[Result], directory: Path) -> int:
    acknowledged = sum(result.figures.acknowledged for result in results)
    faults = sum(result.faults for result in results)
    wrong = sum(result.counts.total() for result in results)
    problems = [
        f"{result.scenario.name}: {problem}"
        for result in results
        for problem in result.problems()
    ]
    print(f"\n{acknowledged} acknowledged, {faults} faults, {wrong} wrong")
    if not wrong and acknowledged:
        # The rule of three: 0 in n leaves 3/n at 95 %.
        print(f"0 in {acknowledged}: with 95 % less than {3 / acknowledged:.1e} each")
    for problem in problems:
        print(f"BROKEN  {problem}")
    print(f"Histories: {directory}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
