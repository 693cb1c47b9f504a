"""`python -m bench.deploy`: 5,000 sockets that a deploy cut off come back at once.

Each subscribes to five rooms, in which it is three messages behind. It prints when all
are caught up, and how long the messages of other people took meanwhile.
"""

import argparse
import time
from collections.abc import Sequence

from bench.generator import Figures, Load, finished_load, run_load, started_load
from bench.people import Person
from bench.run import bound, say
from bench.servers import hubbub, hubbub_people, own_services
from bench.target import Target

SOCKETS, ROOMS, ROOMS_EACH, BEHIND, MESSAGES = 5000, 1250, 5, 3, 10
OTHERS = 20
GOAL_SECONDS = 12
_LIMIT_SECONDS = 300
# The others chat for longer than the crowd needs to come back.
_CHAT_SECONDS = 60
# Until the others are connected and warmed up.
_HEAD_START_SECONDS = 2


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    bound(_LIMIT_SECONDS)
    with own_services() as services, hubbub(services) as (target, environment):
        returning = hubbub_people(
            environment,
            SOCKETS,
            rooms=ROOMS,
            rooms_each=ROOMS_EACH,
            messages=MESSAGES,
            behind=BEHIND,
        )
        others = hubbub_people(environment, OTHERS)
        quiet = run_load(target, others, _chat(seconds=5))
        say(f"{SOCKETS:,} sockets come back ...")
        crowd, chat = _come_back(target, returning, others)
    say(
        f"{crowd['connections']:.0f} sockets with {ROOMS_EACH} rooms each are back and "
        f"caught up in {crowd['connect_seconds']:.1f} s "
        f"(goal {GOAL_SECONDS}), {SOCKETS - crowd['connections']:.0f} did not; "
        f"{crowd['refusals']:.0f} times the server was too busy",
        f"CPU of one: {crowd['cpu_us_per_connect'] / 1000:.2f} ms",
        f"a message of others, p99: {quiet['p99_ms']:.1f} ms before, "
        f"{chat['p99_ms']:.1f} ms meanwhile, longest {chat['max_ms']:.0f} ms",
    )


def _come_back(
    target: Target, returning: Sequence[Person], others: Sequence[Person]
) -> tuple[Figures, Figures]:
    """Open all sockets at once while others chat, and stop the chat after them."""
    with started_load(target, others, _chat(_CHAT_SECONDS)) as chatting:
        time.sleep(_HEAD_START_SECONDS)
        back = Load(connections=SOCKETS, at_once=SOCKETS, seconds=0, warm_up=0)
        crowd = run_load(target, returning, back)
        chatting.terminate()
        return crowd, finished_load(chatting)


def _chat(seconds: float) -> Load:
    return Load(connections=OTHERS, publishers=OTHERS, rate=20, seconds=seconds)


if __name__ == "__main__":
    main()
