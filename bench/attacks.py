"""One person who asks for ten times what each limit of Hubbub's allows.

Each attack counts what it asked and what got through, whatever became of it then: a
wrong password that is looked at got through, one that is refused unseen did not.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from websockets.asyncio.client import connect

from bench.people import Person
from bench.talker import Talker

RATE_LIMITED = 429
# The same, said to a socket.
CLOSED_RATE_LIMITED = 4004

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
Table = dict[str, float]


@dataclass
class Attack:
    """`attempt` is given a number that no other attempt has; True: it got through."""

    limit: str
    attempt: Callable[[int], Awaitable[bool]]
    heard: Callable[[], int] = lambda: 0
    asked: int = 0
    _done: int = 0

    @property
    def through(self) -> int:
        return self._done + self.heard()

    async def run(self, *, count: int, seconds: float) -> None:
        """So many attempts, evenly, whether or not the ones before are answered."""
        await asyncio.gather(*[self._after(seconds * n / count) for n in range(count)])

    async def _after(self, pause: float) -> None:
        await asyncio.sleep(pause)
        self.asked += 1
        is_through = await self.attempt(self.asked)
        self._done += is_through


def table_of(port: int) -> Table:
    """What the server says that it allows."""
    found: Table = requests.get(f"{_api(port)}limits", timeout=10).json()
    return found


def allowance(table: Table, limit: str) -> tuple[float, float]:
    """Of a limit in the answer of `GET /limits`: so many a second, so many at once."""
    for unit, seconds in _SECONDS.items():
        if (rate := table.get(f"{limit}_per_{unit}")) is not None:
            return rate / seconds, table[f"{limit}_burst"]
    raise LookupError(limit)


def over_sockets(sockets: Sequence[Talker]) -> list[Attack]:
    """Of one person, each attempt on another socket of theirs."""
    turn = itertools.cycle(sockets)

    async def typing(n: int) -> bool:
        teller = next(turn)
        await teller.tell(type="typing.start", room=teller.person.room)
        return False

    def heard() -> int:
        # Who types too often is not told so: what is through is heard in the room.
        return sockets[0].heard["typing.started"]

    return [
        Attack("messages", lambda n: next(turn).say()),
        Attack("commands", lambda n: next(turn).ask(type="ping")),
        Attack("typing", typing, heard),
    ]


def over_rest(port: int, person: Person) -> list[Attack]:
    """Through the other door: by person, by account, and by network address."""
    door = _Door(port, person)
    change = {"current_password": "not-this-one", "new_password": "correct-horse-1"}
    return [
        Attack("searches", lambda n: door.get(f"search?q=anybody{n}")),
        Attack("uploads", lambda n: door.upload(f"{n}.txt")),
        Attack("invitation_codes", lambda n: door.get(f"invitations/x{n:08}")),
        Attack("failed_logins", lambda n: door.post("me/password", change)),
        Attack("logins", lambda n: door.post("auth/login", _account(n))),
        Attack("refreshes", lambda n: door.post("auth/refresh", {"refresh": f"x{n}"})),
        Attack("registrations", lambda n: door.post("auth/register", _account(n))),
        Attack("guests", lambda n: door.post("auth/guest", {})),
        Attack("mails", lambda n: door.post("auth/password-reset", _mail(n))),
        Attack("connects", lambda n: _connects(port)),
    ]


def _api(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/v1/"


def _account(n: int) -> dict[str, str]:
    return {"username": f"flood{n}", "password": "correct-horse-2"}


def _mail(n: int) -> dict[str, str]:
    return {"email": f"flood{n}@a.example"}


class _Door:
    """Whether it was let through, whatever else the answer is."""

    def __init__(self, port: int, person: Person) -> None:
        self._url = _api(port)
        self._room = person.room
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {person.token}"

    async def get(self, path: str) -> bool:
        return await self._knock("GET", path)

    async def post(self, path: str, body: dict[str, str]) -> bool:
        return await self._knock("POST", path, json=body)

    async def upload(self, name: str) -> bool:
        path, files = f"rooms/{self._room}/attachments", {"file": (name, b"hello")}
        return await self._knock("POST", path, files=files)

    async def _knock(self, method: str, path: str, **more: Any) -> bool:
        answer = await asyncio.to_thread(
            self._session.request, method, self._url + path, timeout=10, **more
        )
        return answer.status_code != RATE_LIMITED


async def _connects(port: int) -> bool:
    """With no token: who is let through is turned away for that."""
    async with connect(f"ws://127.0.0.1:{port}/ws/v1", proxy=None) as line:
        await line.wait_closed()
        return line.close_code != CLOSED_RATE_LIMITED
