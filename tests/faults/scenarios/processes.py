"""Processes die, by force or in order, while everybody writes."""

import asyncio

from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import Stage

PLACES = ("before_begin", "after_insert", "after_commit", "after_publish")


async def kill(stage: Stage) -> None:
    """kill -9, one process after the other; each comes back behind its door."""
    while stage.is_time():
        await stage.wait(0.3, 1.0)
        slot = stage.busiest()
        await slot.kill()
        stage.faults += 1
        await slot.start()


async def kill_at_places(stage: Stage) -> None:
    """The process ends itself between two of its own steps, a few messages in."""
    for place in (*PLACES, "during_resume"):
        slot = stage.cluster.slots[0]
        await slot.kill()
        await slot.start(HUBBUB_FAILPOINT=f"{place}:{stage.random.randint(3, 9)}")
        # All clients of the other process come to this one, and resume there.
        stage.cluster.slots[1].door.cut()
        stage.faults += 2
        stage.expect(await stage.ended(slot), f"{place} was never reached")
    await stage.cluster.slots[0].kill()
    await stage.cluster.slots[0].start()


async def deploy(stage: Stage) -> None:
    """SIGTERM to each process in turn: its clients are told, and go to the next one."""
    while stage.is_time():
        await stage.wait(0.3, 0.8)
        slot = stage.busiest()
        told = [client for client in stage.clients if client.door == slot.door.port]
        before = {client: len(client.byes) for client in told}
        stopping = asyncio.create_task(slot.terminate())
        await asyncio.sleep(2)
        heard = sum(len(client.byes) > before[client] for client in told)
        stage.faults += 1
        stage.expect(heard >= 0.99 * len(told), f"{heard} of {len(told)} heard bye")
        took = await stopping
        stage.expect(took < 10, f"ended after {took:.1f} s")
        await slot.start()


KILL = Scenario(name="kill -9", inject=kill, promise=Promise(recovery_p99=5.0))
FAILPOINTS = Scenario(
    name="killed between two steps", inject=kill_at_places, promise=Promise()
)
DEPLOY = Scenario(name="SIGTERM in turn", inject=deploy, promise=Promise(delivery=2.0))
DEPLOY_DAPHNE = Scenario(
    name="SIGTERM in turn, daphne",
    inject=deploy,
    server="daphne",
    clients=10,
    pause_seconds=0.6,
)
