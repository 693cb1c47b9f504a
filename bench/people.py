"""The people of a load. Hubbub's come from `manage.py loadtest_users`."""

from collections.abc import Iterable

import msgspec


class Person(msgspec.Struct, frozen=True):
    username: str
    token: str
    room: str


def parse_people(lines: Iterable[str]) -> list[Person]:
    """Read the JSON lines of `loadtest_users`, and skip all other lines."""
    decode = msgspec.json.Decoder(Person).decode
    return [decode(line) for line in lines if line.lstrip().startswith("{")]


def invent_people(*, users: int, rooms: int) -> list[Person]:
    """People for the baseline, which believes any name. They fill rooms in turn."""
    return [
        Person(username=f"load{n:05}", token="", room=f"bench{n % rooms}")
        for n in range(users)
    ]
