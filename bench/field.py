"""All servers of a bench, up together, so that they can be measured in turns."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from bench.people import Person, parse_people
from bench.process import cpu_seconds
from bench.servers import (
    Environment,
    Services,
    hubbub,
    hubbub_people,
    naive,
    plain_drf,
    socketio,
)
from bench.target import Target

_QUIET_SHARE = 0.1
_LOOK_SECONDS = 0.2
_QUIET_SECONDS = 8


class Field(msgspec.Struct, frozen=True):
    hubbub: Target
    environment: Environment
    naive: Target
    socketio: Target
    plain_drf: Target
    plain_environment: Environment

    def people(self, count: int, **sizes: int) -> Sequence[Person]:
        return hubbub_people(self.environment, count, **sizes)

    def plain_person(self, *, people: int, rooms: int, messages: int) -> Person:
        sizes = {"--people": people, "--rooms": rooms, "--messages": messages}
        words = [str(word) for pair in sizes.items() for word in pair]
        module = ("-m", "bench.plain_drf.populate")
        printed = self.plain_environment.run_python(*module, *words)
        return parse_people(printed.splitlines())[0]


@contextmanager
def field(services: Services, *, baseline_stores: bool) -> Iterator[Field]:
    with (
        hubbub(services) as (own, environment),
        naive(services, stores=baseline_stores) as baseline,
        socketio(services) as node,
        plain_drf(services) as (plain, plain_environment),
    ):
        yield Field(
            hubbub=own,
            environment=environment,
            naive=baseline,
            socketio=node,
            plain_drf=plain,
            plain_environment=plain_environment,
        )


def wait_until_quiet(target: Target) -> None:
    """Return when the server has worked off what is left of its turn: all servers have
    the same core."""
    until = time.monotonic() + _QUIET_SECONDS
    while time.monotonic() < until:
        before = cpu_seconds(target.pid)
        time.sleep(_LOOK_SECONDS)
        if cpu_seconds(target.pid) - before < _QUIET_SHARE * _LOOK_SECONDS:
            return
