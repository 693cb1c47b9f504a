"""A socket to Hubbub that waits for each answer, to measure answers one by one."""

import asyncio
from collections import Counter
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.people import Person
from bench.tally import now_us


class Talker:
    """A person subscribed to a room. `heard` counts all frames by their types."""

    def __init__(self, person: Person, line: ClientConnection) -> None:
        self.person = person
        self.took_us: list[int] = []
        self.heard: Counter[str] = Counter()
        self._line = line
        self._ref = 0
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls, port: int, person: Person, *, address: str = "127.0.0.1"
    ) -> "Talker":
        """`address` is the local address, by which limits of a network count."""
        url = f"ws://127.0.0.1:{port}/ws/v1?token={person.token}"
        here = (address, 0)
        line = await connect(url, proxy=None, compression=None, local_addr=here)
        talker = cls(person, line)
        await talker.ask(type="subscribe", rooms=[{"room": person.room}])
        return talker

    async def ask(self, **command: object) -> bool:
        """Send a command. Returns whether the server did it.

        Raises ConnectionError when the line breaks before the answer.
        """
        self._ref += 1
        asked_at = now_us()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[self._ref] = answer
        await self.tell(ref=self._ref, **command)
        is_done = await answer == "reply"
        self.took_us.append(now_us() - asked_at)
        return is_done

    async def tell(self, **command: object) -> None:
        await self._line.send(msgspec.json.encode(command).decode())

    async def say(self) -> bool:
        key = f"talk-{id(self)}-{self._ref}"
        room, kind = self.person.room, "message.send"
        return await self.ask(type=kind, room=room, client_id=key, body="anybody?")

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._take(msgspec.json.decode(await self._line.recv()))
        for answer in self._asked.values():
            answer.set_exception(ConnectionError("closed before the answer"))

    async def _take(self, frame: dict[str, object]) -> None:
        kind = str(frame["type"])
        self.heard[kind] += 1
        if kind == "ping":
            await self.tell(type="pong", n=frame["n"])
        ref = frame.get("ref")
        if isinstance(ref, int):
            self._asked.pop(ref).set_result(kind)
