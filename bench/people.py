"""The people of a load.

They come from `manage.py loadtest_users` by hand, and from `bench.populate` in a bench.
"""

from collections.abc import Iterable, Sequence

import msgspec

# A `subscribe` takes no more.
MAX_PLACES = 100


class Place(msgspec.Struct, frozen=True):
    """A room that a person subscribes to. With `after` they come back to it."""

    room: str
    epoch: str | msgspec.UnsetType = msgspec.UNSET
    after: int | msgspec.UnsetType = msgspec.UNSET


class Person(msgspec.Struct, frozen=True):
    """`room` is where they write; `places` are all their rooms, with this one first."""

    username: str
    token: str
    room: str
    places: Sequence[Place] = ()

    @property
    def column(self) -> str:
        places = self.places[:MAX_PLACES] or (Place(self.room),)
        return msgspec.json.encode(places).decode()


def parse_people(lines: Iterable[str]) -> list[Person]:
    """Read the JSON lines of people, and skip all other lines."""
    decode = msgspec.json.Decoder(Person).decode
    return [decode(line) for line in lines if line.lstrip().startswith("{")]
