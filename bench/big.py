"""`python -m bench.big --minutes 10`: 10,000 sockets in rooms of 20, for long.

500 messages a second are due in all, however slow the server is. It prints the latency
of all deliveries, and the sockets and messages that were lost.
"""

import argparse
import sys

from bench.generator import Figures, Load, run_load
from bench.process import open_files
from bench.run import bound, say
from bench.servers import hubbub, hubbub_people, own_services

SOCKETS, ROOMS, MESSAGES_PER_SECOND = 10_000, 500, 500
GOAL_P99_MS = 50
# Connecting, and the start of all services.
_SPARE_SECONDS = 300
# Log files, the database and Redis, beside the sockets.
_OTHER_FILES = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    seconds = parser.parse_args().minutes * 60
    bound(int(seconds) + _SPARE_SECONDS)
    if open_files() < SOCKETS + _OTHER_FILES:
        sys.exit(f"Only {open_files()} files may be open: raise it with `ulimit -Hn`.")
    load = Load(
        connections=SOCKETS,
        rooms=ROOMS,
        publishers=SOCKETS,
        rate=MESSAGES_PER_SECOND,
        seconds=seconds,
        warm_up=5,
        grace=10,
    )
    with own_services() as services, hubbub(services) as (target, environment):
        people = hubbub_people(environment, SOCKETS, rooms=ROOMS)
        say(f"{SOCKETS:,} sockets connect ...")
        figures = run_load(target, people, load)
    say(*_report(figures))


def _report(figures: Figures) -> list[str]:
    lost_messages = figures["expected"] - figures["delivered"]
    lost_sockets = figures["failed"] + figures["closed"]
    is_met = figures["p99_ms"] <= GOAL_P99_MS and not lost_sockets + lost_messages
    return [
        f"connected in {figures['connect_seconds']:.1f} s, "
        f"{figures['kib_per_connection']:.1f} KiB each",
        f"{figures['sent']:,.0f} messages, {figures['delivered']:,.0f} deliveries: "
        f"p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms, "
        f"longest {figures['max_ms']:.0f} ms",
        f"CPU of a message: {figures['cpu_ms_per_message']:.2f} ms",
        f"lost: {lost_sockets:.0f} sockets, {lost_messages:.0f} deliveries",
        f"goal (p99 at most {GOAL_P99_MS} ms, nothing lost): "
        + ("met" if is_met else "not met"),
    ]


if __name__ == "__main__":
    main()
