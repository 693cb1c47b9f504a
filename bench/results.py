"""The figures of a run, as its JSON file keeps them."""

import platform
import sys
from datetime import UTC, datetime

import msgspec
import psutil

from bench.goals import Rounds

# Curve -> size -> cost of a unit, by what it is the cost of.
Growth = dict[str, dict[int, dict[str, float]]]


class Results(msgspec.Struct):
    date: str
    machine: str
    command: str
    cores: str
    rounds: Rounds
    growth: Growth = {}


def new_results(cores: str) -> Results:
    return Results(
        date=datetime.now(UTC).date().isoformat(),
        machine=_machine(),
        command=" ".join(["python -m bench.run", *sys.argv[1:]]),
        cores=cores,
        rounds={},
    )


def _machine() -> str:
    gib = psutil.virtual_memory().total / 1024**3
    processor = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1] for line in file if line.startswith("model name")]
    return (
        f"{psutil.cpu_count()} cores ({models[0].strip() if models else processor}), "
        f"{gib:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )
