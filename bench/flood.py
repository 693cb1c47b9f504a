"""How much other people notice of one who asks for ten times what each limit allows.

It needs a Hubbub that runs with its limits (`RATE_LIMITS=on`), and people on stdin:

manage.py loadtest_users --users 32 --rooms 2 | python -m bench.flood --port 8000

The last person floods, from ten sockets and over REST; ten more sockets of that person
go on in spite of refusals. The twenty before them share that address, and flood the
limits that the people of one address share. Each of the others sends twice a second,
from an address of their own.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence

from bench.attacker import CROWD, ROUND_SECONDS, Row, started_attacker
from bench.people import Person, parse_people
from bench.talker import Talker
from bench.tally import now_us, percentile_ms

PAUSE = 0.5


async def measure(
    port: int, people: Sequence[Person], rounds: int, only: Sequence[str]
) -> str:
    """Let quiet and flooded rounds take turns, so that other work is in both."""
    others, flooders = people[: -CROWD - 1], people[-CROWD - 1 :]
    talkers = [
        await Talker.open(port, other, address=f"127.0.1.{number}")
        for number, other in enumerate(others, start=1)
    ]
    await _round(talkers)
    quiet: list[int] = []
    flooded: list[int] = []
    rows: list[Row] = []
    async with started_attacker(port, flooders, rounds, only) as flood:
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            quiet += await _round(talkers)
            await flood.step()
            waits, rows = await asyncio.gather(_round(talkers), flood.step())
            flooded += waits
    return "\n".join([*_limits(rows), _others(quiet, flooded)])


async def _round(talkers: Sequence[Talker]) -> list[int]:
    """Talk for one round. Returns how long each reply took, in microseconds."""
    for talker in talkers:
        talker.took_us.clear()
    until = now_us() + ROUND_SECONDS * 1_000_000
    await asyncio.gather(*[_talk(talker, until) for talker in talkers])
    return [us for talker in talkers for us in talker.took_us]


async def _talk(talker: Talker, until_us: int) -> None:
    # The talkers must not all begin in the same moment.
    await asyncio.sleep(random.uniform(0, PAUSE))
    while now_us() < until_us:
        await talker.say()
        await asyncio.sleep(PAUSE)


def _limits(rows: Sequence[Row]) -> list[str]:
    head = f"{'limit':17} {'asked':>8} {'through':>8} {'allowed':>8}"
    return [head] + [
        f"{row.limit:17} {row.asked:>8,} {row.through:>8,} {row.allowed:>8,}"
        for row in rows
    ]


def _others(quiet: Sequence[int], flooded: Sequence[int]) -> str:
    before, meanwhile = percentile_ms(quiet, 0.99), percentile_ms(flooded, 0.99)
    times = meanwhile / before
    return (
        f"others' p99: {before:.1f} ms quiet, {meanwhile:.1f} ms flooded, {times:.2f} x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--only", nargs="*", default=[], help="limits, such as `messages searches`"
    )
    given = parser.parse_args()
    people = parse_people(sys.stdin)
    report = asyncio.run(measure(given.port, people, given.rounds, given.only))
    sys.stdout.write(report + "\n")


if __name__ == "__main__":
    main()
