"""How the cost of one unit grows with everything around it. It should not.

Each point has a Hubbub of its own, so that none pays for the point before it.
"""

from collections.abc import Callable, Sequence

import msgspec

from bench.generator import Figures, Load, run_load
from bench.http_load import Ask, cost_of
from bench.people import MAX_PLACES, Person
from bench.results import Growth
from bench.servers import Environment, Services, hubbub, hubbub_people
from bench.target import Target

BOUND = 1.5

Server = tuple[Target, Environment]


class Curve(msgspec.Struct, frozen=True):
    """`measure` returns the cost of a unit at that size, by what it is the cost of."""

    what: str
    sizes: Sequence[int]
    measure: Callable[[Server, int], Figures]


def measure_growth(
    services: Services, say: Callable[[str], None], *, quick: bool
) -> Growth:
    growth: Growth = {}
    for curve in CURVES:
        sizes = curve.sizes[:2] if quick else curve.sizes
        for size in sizes:
            say(f"{size:,} {curve.what}")
            workers = size if curve.measure is _processes else 1
            with hubbub(services, workers=workers) as server:
                costs = curve.measure(server, size)
            growth.setdefault(curve.what, {})[size] = costs
    return growth


def growth_of(points: dict[int, dict[str, float]], cost: str) -> float:
    """The highest cost, as a multiple of that at the smallest size."""
    first, *_ = points.values()
    return max(costs[cost] for costs in points.values()) / max(first[cost], 1e-9)


def curves_as_rows(growth: Growth) -> list[list[str]]:
    rows = [["cost of a unit", "by", "figures", "growth", f"≤ {BOUND} times"]]
    for what, points in growth.items():
        for cost in next(iter(points.values())):
            times = growth_of(points, cost)
            figures = " · ".join(f"{costs[cost]:,.2f}" for costs in points.values())
            sizes = f"{min(points):,}-{max(points):,} {what}"
            met = "yes" if times <= BOUND else "no"
            rows.append([cost, sizes, figures, f"{times:.2f}", met])
    return rows


def curves_as_text(growth: Growth) -> str:
    return "\n".join("  ".join(row) for row in curves_as_rows(growth))


def _members(server: Server, size: int) -> Figures:
    target, environment = server
    people = hubbub_people(environment, size)
    room = people[0].room
    return {
        "CPU of a message, ms": _message_ms(target, people),
        "CPU of the member list, µs a member": _cpu_us(
            target, people[0], f"/api/v1/rooms/{room}/members"
        )
        / size,
    }


def _messages(server: Server, size: int) -> Figures:
    target, environment = server
    people = hubbub_people(environment, 10, messages=size)
    pages = f"/api/v1/rooms/{people[0].room}/messages?limit=50"
    newest = Ask("GET", pages)
    middle = Ask("GET", f"{pages}&around={size // 2}")
    return {
        "newest page, ms": cost_of(target, people[0], newest, seconds=1).median_ms,
        "page in the middle, ms": cost_of(
            target, people[0], middle, seconds=1
        ).median_ms,
        "CPU of a message, ms": _message_ms(target, people),
    }


def _rooms(server: Server, size: int) -> Figures:
    target, environment = server
    people = hubbub_people(environment, 20, rooms=size, rooms_each=size)
    arrivals = run_load(target, people, Load(connections=20, seconds=0, warm_up=0))
    subscribed = min(size, MAX_PLACES)
    return {
        "CPU of the room list, µs a room": _cpu_us(target, people[0], "/api/v1/rooms")
        / size,
        "CPU of connecting, ms a room": arrivals["cpu_us_per_connect"]
        / 1000
        / subscribed,
        "CPU of a message, ms": _message_ms(target, people, rooms=size),
    }


def _processes(server: Server, size: int) -> Figures:
    """All processes share the one core of the server."""
    target, environment = server
    people = hubbub_people(environment, 1000, rooms=50)
    load = Load(connections=1000, rooms=50, publishers=1000, rate=300)
    return {
        "CPU of a message, ms": run_load(target, people, load)["cpu_ms_per_message"]
    }


def _sockets(server: Server, size: int) -> Figures:
    target, environment = server
    rooms = size // 20
    people = hubbub_people(environment, size, rooms=rooms)
    load = Load(connections=size, rooms=rooms, publishers=size, rate=200)
    figures = run_load(target, people, load)
    return {
        "CPU of a message to 20, ms": figures["cpu_ms_per_message"],
        "CPU of connecting, ms a socket": figures["cpu_us_per_connect"] / 1000,
        "memory, KiB a socket": figures["kib_per_connection"],
    }


def _message_ms(target: Target, people: Sequence[Person], rooms: int = 1) -> float:
    """A lone message to ten sockets at most, one after the other."""
    load = Load(connections=10, rooms=rooms, publishers=1, window=1, seconds=2)
    return run_load(target, people, load)["cpu_ms_per_message"]


def _cpu_us(target: Target, person: Person, path: str) -> float:
    return 1e6 / cost_of(target, person, Ask("GET", path), seconds=1.5).per_cpu_second


CURVES = (
    Curve("members in the room", (10, 100, 1000, 10_000), _members),
    Curve("messages in the room", (1000, 10_000, 100_000, 1_000_000), _messages),
    Curve("rooms of a person", (1, 10, 50, 200), _rooms),
    Curve("processes", (1, 2), _processes),
    Curve("sockets", (100, 1000, 10_000), _sockets),
)
