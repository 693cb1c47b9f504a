"""What others notice of one person who sends ten times what the limits allow.

Against a Hubbub that runs with its limits (`RATE_LIMITS=on`), people on stdin:

manage.py loadtest_users --users 12 --rooms 2 | python -m bench.flood --port 8000

The last person floods from ten sockets; the others each send twice a second.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from bench.people import Person, parse_people
from bench.tally import now_us

SOCKETS = 10
# Ten times 5 messages and ten times 20 commands a second, over all sockets.
MESSAGES_PER_SECOND = 50
COMMANDS_PER_SECOND = 200
PAUSE = 0.5
ROUND_SECONDS = 3


class Talker:
    """A socket that asks one thing after the other."""

    def __init__(self, person: Person, line: ClientConnection) -> None:
        self.person = person
        self.line = line
        self.ref = 0
        self.through = 0
        self.took_us: list[int] = []

    async def ask(self, **command: object) -> None:
        self.ref += 1
        asked_at = now_us()
        frame = msgspec.json.encode({"ref": self.ref, **command}).decode()
        await self.line.send(frame)
        while True:
            answer = msgspec.json.decode(await self.line.recv())
            if answer["type"] == "ping":
                pong = {"type": "pong", "n": answer["n"]}
                await self.line.send(msgspec.json.encode(pong).decode())
            if answer.get("ref") == self.ref:
                break
        self.through += answer["type"] == "reply"
        self.took_us.append(now_us() - asked_at)

    async def say(self) -> None:
        key = f"flood-{id(self)}-{self.ref}"
        room, kind = self.person.room, "message.send"
        await self.ask(type=kind, room=room, client_id=key, body="anybody there?")

    async def talk(self, until_us: int) -> None:
        while now_us() < until_us:
            await self.say()
            await asyncio.sleep(PAUSE)

    async def flood(self, until_us: int) -> None:
        pings = COMMANDS_PER_SECOND // MESSAGES_PER_SECOND - 1
        while now_us() < until_us:
            await self.say()
            for _ in range(pings):
                await self.ask(type="ping")
            await asyncio.sleep(SOCKETS / MESSAGES_PER_SECOND)


async def measure(port: int, people: Sequence[Person], rounds: int) -> dict[str, float]:
    """Quiet and flooded rounds take turns: what else the machine does is in both."""
    *others, attacker = people
    talkers = [await _open(port, person) for person in others]
    attackers = [await _open(port, attacker) for _ in range(SOCKETS)]
    await _round(talkers, [])
    quiet: list[int] = []
    flooded: list[int] = []
    for _ in range(rounds):
        quiet += await _round(talkers, [])
        flooded += await _round(talkers, attackers)
    return {
        "quiet_p99_ms": _p99_ms(quiet),
        "flooded_p99_ms": _p99_ms(flooded),
        "ratio": round(_p99_ms(flooded) / _p99_ms(quiet), 2),
        "attacker_asked": sum(len(a.took_us) for a in attackers),
        "attacker_through": sum(a.through for a in attackers),
    }


async def _round(talkers: Sequence[Talker], attackers: Sequence[Talker]) -> list[int]:
    """How long the talkers waited for their replies."""
    for talker in talkers:
        talker.took_us.clear()
    until = now_us() + ROUND_SECONDS * 1_000_000
    await asyncio.gather(
        *[talker.talk(until) for talker in talkers],
        *[attacker.flood(until) for attacker in attackers],
    )
    return [us for talker in talkers for us in talker.took_us]


def _p99_ms(took_us: Sequence[int]) -> float:
    return round(sorted(took_us)[int(len(took_us) * 0.99)] / 1000, 2)


async def _open(port: int, person: Person) -> Talker:
    url = f"ws://127.0.0.1:{port}/ws/v1?token={person.token}"
    return Talker(person, await connect(url, proxy=None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    people = parse_people(sys.stdin)
    figures = asyncio.run(measure(options.port, people, options.rounds))
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


if __name__ == "__main__":
    main()
