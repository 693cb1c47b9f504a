"""People are taken out of rooms in the middle of a gap, with Redis down and back.

They read at one process and are taken out through the other, whose hints are lost while
Redis is down. The gap that hides a removal ends in a repair, or in `room.reset` when
too much was written after it. Guarantee G6 holds in both cases: the person gets nothing
above the removal.
"""

import asyncio
import itertools
import time

from tests.faults.client import Client
from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import PATIENCE_SECONDS, Stage

# More than a hub reads back (core/limits/: MAX_REPLY_BYTES): it resets the room.
LARGE = "字" * 4000
LARGE_MESSAGES = 50
SMALL_MESSAGES = 3


class Crowd:
    """One room: its owner is at the first process, the victims read at the other."""

    def __init__(self, stage: Stage, room: str) -> None:
        self.stage = stage
        self.room = room
        doors = stage.cluster.doors
        here = [client for client in stage.clients if client.room == room]
        self.writers = [client for client in here if client.door == doors[0]]
        self.owner = self.writers[0]
        # The witness stays, and has to hear everything.
        self.witness, *victims = [c for c in here if c.door == doors[1]]
        self.victims = itertools.cycle(victims)

    async def gap(self, turn: int) -> Client:
        """Take one out in one of four ways, then write little or much."""
        ways = (self.remove, self.ban, self.leave, self.demote_and_remove)
        victim = next(self.victims)
        await ways[turn // 2 % len(ways)](victim)
        self.stage.faults += 1
        if (turn + turn // 8) % 2:
            await self.write(LARGE_MESSAGES, LARGE)
        else:
            await self.write(SMALL_MESSAGES, "little")
        return victim

    async def remove(self, victim: Client) -> None:
        await self.call(self.owner, "DELETE", f"members/{victim.user_id}")

    async def ban(self, victim: Client) -> None:
        await self.call(self.owner, "PUT", f"bans/{victim.user_id}")

    async def leave(self, victim: Client) -> None:
        await self.call(victim, "POST", "leave")

    async def demote_and_remove(self, victim: Client) -> None:
        """The witness loses a role in the same gap, and must go on hearing the room."""
        for role in ("moderator", "member"):
            await self.call(
                self.owner, "PATCH", f"members/{self.witness.user_id}", {"role": role}
            )
        await self.remove(victim)

    async def bring_back(self, victim: Client) -> None:
        await self.call(self.owner, "DELETE", f"bans/{victim.user_id}")
        await self.call(self.owner, "POST", "members", {"user": victim.user_id})
        await victim.begin_anew()

    async def call(
        self, client: Client, method: str, path: str, body: object = None
    ) -> None:
        """Ask the first process, of which the victims' process hears nothing."""
        process = self.stage.cluster.slots[0].process
        whole = f"rooms/{self.room}/{path}"
        answer = await asyncio.to_thread(
            process.call, method, whole, client.token, body
        )
        self.stage.expect(answer.ok, f"{method} {path}: {answer.text}")

    async def write(self, count: int, body: str) -> None:
        """Send all at once, so that the other process does not read half of them."""
        writers = itertools.cycle(self.writers)
        answers = [self._say(next(writers), body, n) for n in range(count)]
        await asyncio.gather(*answers)

    async def _say(self, writer: Client, body: str, number: int) -> None:
        key = f"gap-{time.monotonic_ns()}-{number}"
        command = {"room": self.room, "client_id": key, "body": body}
        answer = await writer.ask(type="message.send", **command)
        self.stage.expect(answer["type"] == "reply", f"writing: {answer}")

    async def until_heard(self) -> None:
        """Wait until the witness has heard all that the owner has heard."""
        head = self.owner.last or 0
        started = time.monotonic()
        while (self.witness.last or 0) < head:
            await asyncio.sleep(0.05)
            if time.monotonic() - started > PATIENCE_SECONDS:
                self.stage.expect(False, "a gap stayed open")
                return


async def take_out(stage: Stage) -> None:
    rooms = dict.fromkeys(client.room for client in stage.clients)
    crowds = [Crowd(stage, room) for room in rooms]
    await asyncio.to_thread(_make_owners, stage, [crowd.owner for crowd in crowds])
    for first in itertools.count(step=len(crowds)):
        if not stage.is_time():
            break
        await _one_round(stage, crowds, first)
    resets = [e for c in stage.clients for e in c.history.events if e.kind == "reset"]
    stage.expect(bool(resets), "no gap ended in room.reset")
    stage.remarks.append(f"{len(resets)} resets")


async def _one_round(stage: Stage, crowds: list[Crowd], first: int) -> None:
    """A gap in each room while Redis is down, and some more when it is back."""
    redis = stage.cluster.services.redis
    await asyncio.to_thread(redis.kill)
    gaps = [crowd.gap(first + number) for number, crowd in enumerate(crowds)]
    victims = await asyncio.gather(*gaps)
    await asyncio.to_thread(redis.start)
    await stage.wait(0.5, 1.0)
    await asyncio.gather(*(crowd.write(1, "afterwards") for crowd in crowds))
    await asyncio.gather(*(crowd.until_heard() for crowd in crowds))
    pairs = zip(crowds, victims, strict=True)
    await asyncio.gather(*(crowd.bring_back(victim) for crowd, victim in pairs))


def _make_owners(stage: Stage, owners: list[Client]) -> None:
    stage.cluster.sql(
        "UPDATE chat_membership SET role = 'owner' WHERE user_id IN"
        " (SELECT id FROM accounts_user WHERE username = ANY(%s))",
        [owner.history.user for owner in owners],
    )


TAKE_OUT = Scenario(
    name="removed in a gap",
    inject=take_out,
    promise=Promise(closes=0),
    clients=24,
    rooms=4,
    pause_seconds=0.5,
    one_sided=True,
)
