"""One person who asks for ten times as much as each limit of Hubbub allows.

Each attack counts its attempts and how many of them got through the limit. A wrong
password that the server checked got through; one that it refused unseen did not.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

import requests
from websockets.asyncio.client import connect

from bench.people import Person
from bench.talker import Talker

RATE_LIMITED = 429
# The same for a socket.
CLOSED_RATE_LIMITED = 4004

NETWORK_LIMITS = ("network_messages", "network_commands")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
Table = dict[str, float]
Body = Mapping[str, str | int]


@dataclass
class Attack:
    """One limit under attack. `attempt` gets a number that no other attempt has, and
    returns whether it got through."""

    limit: str
    attempt: Callable[[int], Awaitable[bool]]
    heard: Callable[[], int] = lambda: 0
    asked: int = 0
    _done: int = 0

    @property
    def through(self) -> int:
        return self._done + self.heard()

    async def run(self, *, count: int, seconds: float) -> None:
        """Make `count` attempts, evenly over the time, without waiting for answers."""
        await asyncio.gather(*[self._after(seconds * n / count) for n in range(count)])

    async def _after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self.asked += 1
        is_through = await self.attempt(self.asked)
        self._done += is_through


def table_of(port: int) -> Table:
    """The limits that the server publishes."""
    table: Table = requests.get(f"{_api(port)}limits", timeout=10).json()
    return table


def allowance(table: Table, limit: str) -> tuple[float, float]:
    """A limit's rate in each second and its burst. Raises LookupError for no limit."""
    for unit, seconds in _SECONDS.items():
        if (rate := table.get(f"{limit}_per_{unit}")) is not None:
            return rate / seconds, table[f"{limit}_burst"]
    raise LookupError(limit)


def over_sockets(sockets: Sequence[Talker]) -> list[Attack]:
    """Attacks by one person, who uses the sockets in turn."""
    turn = itertools.cycle(sockets)

    async def typing(n: int) -> bool:
        teller = next(turn)
        await teller.tell(type="typing.start", room=teller.person.room)
        return False

    def heard() -> int:
        # A person who types too often is not told, so count what the room hears.
        return sockets[0].heard["typing.started"]

    return [
        Attack("messages", lambda n: next(turn).say()),
        Attack("commands", lambda n: next(turn).ask(type="ping")),
        Attack("typing", typing, heard),
    ]


def of_a_network(sockets: Sequence[Talker]) -> list[Attack]:
    """Attacks by many people at one address, none of whom asks for much."""
    turn = itertools.cycle(sockets)
    tries = (lambda n: next(turn).say(), lambda n: next(turn).ask(type="ping"))
    return [
        Attack(limit, attempt)
        for limit, attempt in zip(NETWORK_LIMITS, tries, strict=True)
    ]


class Ground(NamedTuple):
    """A room of the attacker's own, a member of it, and a room to join and leave."""

    own: str
    member: str
    visited: str


def prepared(port: int, person: Person, crowd: Sequence[Person]) -> Ground:
    rest = _Rest(port, person)
    own = rest.made("rooms", {"name": f"flooded-{uuid4().hex[:8]}"})["id"]
    member = rest.made(f"rooms/{own}/members", {"user": crowd[0].username})
    visited = next(one.room for one in crowd if one.room != person.room)
    return Ground(own, member["user"]["id"], visited)


def over_rest(port: int, person: Person, ground: Ground) -> list[Attack]:
    """Attacks over REST: limits by person, by account and by network address."""
    rest = _Rest(port, person)
    own, visited = f"rooms/{ground.own}", f"rooms/{ground.visited}"
    mute = f"{own}/members/{ground.member}/mute"
    change = {"current_password": "not-this-one", "new_password": "correct-horse-1"}
    return [
        Attack("searches", lambda n: rest.get(f"search?q=anybody{n}")),
        Attack(
            "rooms", lambda n: rest.post("rooms", {"name": f"{ground.own[-8:]} {n}"})
        ),
        Attack("room_changes", lambda n: rest.patch(own, {"topic": f"{n}"})),
        Attack("joins", lambda n: rest.post(f"{visited}/{('join', 'leave')[n % 2]}")),
        Attack("member_changes", lambda n: rest.put(mute, {"seconds": 60 + n % 60})),
        Attack("profile_changes", lambda n: rest.patch("me", {"status": f"{n}"})),
        Attack("invitations", lambda n: rest.post(f"{own}/invitations", _link())),
        Attack("uploads", lambda n: rest.upload(f"{n}.txt")),
        Attack("invitation_codes", lambda n: rest.get(f"invitations/x{n:08}")),
        Attack("failed_logins", lambda n: rest.post("me/password", change)),
        Attack("logins", lambda n: rest.post("auth/login", _account(n))),
        Attack("refreshes", lambda n: rest.post("auth/refresh", {"refresh": f"x{n}"})),
        Attack("registrations", lambda n: rest.post("auth/register", _account(n))),
        Attack("guests", lambda n: rest.post("auth/guest", {})),
        Attack("mails", lambda n: rest.post("auth/password-reset", _mail(0))),
        Attack("network_mails", lambda n: rest.post("auth/password-reset", _mail(n))),
        Attack("connects", lambda n: _connects(port)),
    ]


def _api(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/v1/"


def _account(n: int) -> dict[str, str]:
    return {"username": f"flood{n}", "password": "correct-horse-2"}


def _link() -> dict[str, int]:
    return {"expires_in": 3600}


def _mail(n: int) -> dict[str, str]:
    return {"email": f"flood{n}@a.example"}


class _Rest:
    """Requests that return whether they got through, whatever else the answer says."""

    def __init__(self, port: int, person: Person) -> None:
        self._url = _api(port)
        self._room = person.room
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {person.token}"

    async def get(self, path: str) -> bool:
        return await self._request("GET", path)

    async def post(self, path: str, body: Body | None = None) -> bool:
        return await self._request("POST", path, json=body)

    async def put(self, path: str, body: Body) -> bool:
        return await self._request("PUT", path, json=body)

    async def patch(self, path: str, body: Body) -> bool:
        return await self._request("PATCH", path, json=body)

    def made(self, path: str, body: Body) -> Any:
        """Create a thing that an attack needs. Raises when the server refuses."""
        answer = self._session.post(self._url + path, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    async def upload(self, name: str) -> bool:
        path, files = f"rooms/{self._room}/attachments", {"file": (name, b"hello")}
        return await self._request("POST", path, files=files)

    async def _request(self, method: str, path: str, **more: Any) -> bool:
        answer = await asyncio.to_thread(
            self._session.request, method, self._url + path, timeout=10, **more
        )
        return answer.status_code != RATE_LIMITED


async def _connects(port: int) -> bool:
    """Open a socket without a token. If it gets through, it is turned away for that."""
    async with connect(f"ws://127.0.0.1:{port}/ws/v1", proxy=None) as line:
        await line.wait_closed()
        return line.close_code != CLOSED_RATE_LIMITED
