"""The scenarios of `python -m bench.run`, with a turn of each server in each."""

from collections.abc import Callable
from functools import partial

import msgspec

from bench import rest, unread
from bench.field import Field
from bench.generator import Figures, Load, run_load

# A server's name -> what measures it once.
Turns = dict[str, Callable[[], Figures]]

# Opening a socket takes the baseline 5 ms, so it has fewer of them.
_NAIVE_SOCKETS = 1000


class Scenario(msgspec.Struct, frozen=True):
    """`prepare` makes the people and rooms; its turns may be measured many times."""

    title: str
    prepare: Callable[[Field], Turns]
    rounds: int


def scenarios(*, quick: bool) -> dict[str, Scenario]:
    rounds, seconds = (1, 1.0) if quick else (3, 3.0)
    scenario = partial(_of_sockets, rounds=rounds)
    load = partial(Load, seconds=seconds)
    sender = partial(load, connections=200, publishers=1)
    many = partial(load, connections=1000, publishers=1000)
    return {
        # It comes first, because a server that was under load has memory to spare.
        "idle": _idle(1000 if quick else 5000),
        "connect": scenario(
            "2,000 sockets connect and subscribe to a room, 100 at a time",
            Load(connections=500 if quick else 2000, rooms=50, seconds=0, warm_up=0),
        ),
        "one-sender": scenario(
            "one sender in a room of 200 sockets, the next message after the echo",
            sender(window=1, polls=True),
        ),
        "one-sender-paced": scenario(
            "one sender in a room of 200 sockets, 100 messages a second",
            sender(rate=100),
        ),
        "twenty-senders": scenario(
            "20 senders in a room of 200 sockets, each the next after the echo",
            load(connections=200, publishers=20, window=1, polls=True),
        ),
        "rooms-paced": scenario(
            "1,000 sockets in 50 rooms, 500 messages a second in all",
            many(rooms=50, rate=500),
        ),
        "rooms-full": scenario(
            "1,000 sockets in 100 rooms, all send, each the next after the echo",
            many(rooms=100, window=1),
        ),
        "rest": Scenario("REST, four requests at a time", rest.prepare, rounds),
        "unread": Scenario("100 and 500,000 unread", unread.prepare, rounds),
    }


def _of_sockets(title: str, load: Load, *, rounds: int) -> Scenario:
    return Scenario(title, partial(_crowds, load=load), rounds)


def _idle(sockets: int) -> Scenario:
    load = Load(connections=sockets, rooms=sockets // 10, seconds=2, warm_up=0)
    title = f"{sockets:,} idle sockets, subscribed, 10 to a room"
    # One round: memory that sockets gave back is used again by the next ones.
    return Scenario(title, partial(_crowds, load=load, before=50), 1)


def _crowds(field: Field, *, load: Load, before: int = 0) -> Turns:
    people = field.people(load.connections, rooms=load.rooms)
    fewer = min(load.connections, _NAIVE_SOCKETS)
    smaller = msgspec.structs.replace(load, connections=fewer)
    turns = {
        "hubbub": (field.hubbub, people, load),
        "socketio": (field.socketio, (), load),
        "naive": (field.naive, (), smaller),
    }
    for target, theirs, _ in turns.values() if before else ():
        run_load(target, theirs, Load(connections=before, seconds=0, warm_up=0))
    return {name: partial(run_load, *turn) for name, turn in turns.items()}
