"""The room list and the read mark of somebody who was away for long."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

from bench.field import Field
from bench.generator import Figures
from bench.http_load import Ask, cost_of
from bench.people import Person

FEW, MANY = 100, 500_000
_SECONDS = 0.7


def prepare(field: Field) -> dict[str, Callable[[], Figures]]:
    people = {size: field.people(2, messages=size)[0] for size in (FEW, MANY)}
    # Marking the same message twice may cost less than marking the next one. No round
    # reads so many that a different number of them is unread.
    marks: dict[int, Iterator[int]] = {size: count(1) for size in people}
    return {"hubbub": partial(_measure, field, people, marks)}


def _measure(
    field: Field, people: dict[int, Person], marks: dict[int, Iterator[int]]
) -> Figures:
    figures = {}
    for size, person in people.items():
        mark = partial(_next, marks[size], last=size // 2)
        asks = {
            "rooms": Ask("GET", "/api/v1/rooms"),
            "read": Ask("PUT", f"/api/v1/rooms/{person.room}/read", mark),
        }
        for kind, ask in asks.items():
            cost = cost_of(field.hubbub, person, ask, seconds=_SECONDS)
            figures[f"{kind}_ms_{size}"] = cost.median_ms
    for kind in ("rooms", "read"):
        few, many = (figures[f"{kind}_ms_{size}"] for size in (FEW, MANY))
        figures[f"{kind}_times"] = many / few
    return figures


def _next(marks: Iterator[int], _turn: int, *, last: int) -> dict[str, int]:
    return {"seq": min(next(marks), last)}
