"""REST: Hubbub beside a ModelViewSet, with as many people, rooms and messages."""

import secrets
from collections.abc import Callable
from functools import partial

from bench.field import Field
from bench.generator import Figures
from bench.http_load import Ask, cost_of
from bench.people import Person
from bench.target import Target

PEOPLE, ROOMS, MESSAGES = 50, 20, 1000
KINDS = ("history", "rooms", "members", "send", "me")
_SECONDS = 1.5
_AT_ONCE = 4


def prepare(field: Field) -> dict[str, Callable[[], Figures]]:
    """Everybody is in every room."""
    sizes = {"rooms": ROOMS, "messages": MESSAGES}
    person, *_ = field.people(PEOPLE, rooms_each=ROOMS, **sizes)
    plain = field.plain_person(people=PEOPLE, **sizes)
    return {
        "hubbub": partial(_measure, field.hubbub, person, _of_hubbub),
        "plain_drf": partial(_measure, field.plain_drf, plain, _of_plain),
    }


def _measure(
    target: Target, person: Person, asks: Callable[[str], dict[str, Ask]]
) -> Figures:
    """`asks` are made for each round: with the keys of an earlier one, each message
    would be a retry, which takes two transactions."""
    figures = {}
    for kind, ask in asks(person.room).items():
        cost = cost_of(target, person, ask, seconds=_SECONDS, at_once=_AT_ONCE)
        figures[f"{kind}_per_cpu_second"] = cost.per_cpu_second
        figures[f"{kind}_median_ms"] = cost.median_ms
    return figures


def _of_hubbub(room: str) -> dict[str, Ask]:
    own, run = f"/api/v1/rooms/{room}", secrets.token_hex(4)
    return {
        "history": Ask("GET", f"{own}/messages?limit=50"),
        "rooms": Ask("GET", "/api/v1/rooms"),
        "members": Ask("GET", f"{own}/members"),
        "send": Ask(
            "POST",
            f"{own}/messages",
            lambda n: {"client_id": f"{run}-{n}", "body": f"is anybody there? {n}"},
        ),
        "me": Ask("GET", "/api/v1/me"),
    }


def _of_plain(room: str) -> dict[str, Ask]:
    return {
        "history": Ask("GET", f"/messages/?room={room}"),
        "rooms": Ask("GET", "/rooms/"),
        "members": Ask("GET", f"/members/?room={room}"),
        "send": Ask(
            "POST",
            "/messages/",
            lambda n: {"room": room, "body": f"is anybody there? {n}"},
        ),
        "me": Ask("GET", "/me/"),
    }
