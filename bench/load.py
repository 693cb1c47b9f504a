"""The load generator by hand: it reads people from stdin, runs one scenario and writes
one JSON line.

manage.py loadtest_users --users 200 --rooms 1 | python -m bench.load full-pace
"""

import argparse
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec
import psutil
import uvloop

from bench import scenarios
from bench.crowd import Target
from bench.dialects import DIALECTS
from bench.people import Person, parse_people
from bench.process import allow_many_sockets


def main() -> None:
    options = _options()
    allow_many_sockets()
    pid = options.pid or _listener(options.port)
    target = Target(dialect=options.dialect, port=options.port, pid=pid)
    figures = uvloop.run(_scenario(options, target, parse_people(sys.stdin)))
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


def _scenario(
    options: argparse.Namespace, target: Target, people: Sequence[Person]
) -> Coroutine[Any, Any, scenarios.Figures]:
    if options.scenario == "steady":
        return scenarios.steady(
            target, people, rate=options.rate, seconds=options.seconds
        )
    if options.scenario == "full-pace":
        return scenarios.full_pace(
            target, people, seconds=options.seconds, writers=options.writers
        )
    return scenarios.idle(target, people)


def _listener(port: int) -> int:
    """The process that listens on the port. It must belong to the same user."""
    for connection in psutil.net_connections("tcp4"):
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr[1:] == (port,) and connection.pid:
            return connection.pid
    sys.exit(f"nothing listens on port {port}; give --port, or --pid")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", choices=("steady", "full-pace", "idle"))
    parser.add_argument("--dialect", choices=tuple(DIALECTS), default="hubbub")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--pid", type=int, help="whose CPU and memory to read")
    parser.add_argument("--rate", type=float, default=50, help="steady: messages/s")
    parser.add_argument(
        "--writers", type=int, help="full-pace: how many write; all if left out"
    )
    parser.add_argument("--seconds", type=float, default=6)
    return parser.parse_args()


if __name__ == "__main__":
    main()
