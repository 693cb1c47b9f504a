"""People leave while others write, and try to come back in."""

import asyncio

from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import Stage


async def leave(stage: Stage) -> None:
    """Half of the people leave, through any process, and try to subscribe again."""
    leaving = stage.clients[: len(stage.clients) // 2]
    while stage.is_time() and leaving:
        await stage.wait(0.1, 0.3)
        client = leaving.pop()
        answer = await client.ask(type="room.leave", room=client.room)
        stage.expect(answer["type"] == "reply", f"leaving: {answer}")
        stage.faults += 1
        await asyncio.sleep(0.2)
        cursor = {"room": client.room, "after": client.last, "epoch": client.epoch}
        again = await client.ask(type="subscribe", rooms=[cursor])
        stage.expect("error" in again["rooms"][0], "a person who left was let in again")


async def break_lines(stage: Stage) -> None:
    """Every socket of one door is cut at once, again and again."""
    while stage.is_time():
        await stage.wait(0.1, 0.4)
        stage.faults += stage.random.choice(stage.cluster.slots).door.cut() > 0


async def stay_away(stage: Stage) -> None:
    """A line is dead for a while: there is much to catch up with."""
    while stage.is_time():
        door = stage.random.choice(stage.cluster.slots).door
        door.freeze()
        await stage.wait(1.0, 1.5)
        door.cut()
        door.thaw()
        stage.faults += 1
        await stage.wait(0.3, 0.6)


LEAVE = Scenario(
    name="people leave",
    inject=leave,
    promise=Promise(closes=0, codes=frozenset({"forbidden", "room_not_found"})),
)
CUT = Scenario(name="lines cut", inject=break_lines, promise=Promise(recovery_p99=5.0))
AWAY = Scenario(name="lines dead", inject=stay_away)
