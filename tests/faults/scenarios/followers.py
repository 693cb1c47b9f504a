"""The process that follows the log dies, again and again, beside its cursor.

Every process has a failpoint there, so whichever holds the lease kills itself after
some deliveries and the other one takes over. A follower of the tests' own
(tests/faults/planted/witness.py) stores what it was given; the checker compares that
with the log: a delivery may come twice, none may be missing.
"""

import asyncio
import itertools
import time

import psycopg

from tests.faults.cluster import Slot
from tests.faults.scenario import Scenario
from tests.faults.stage import PATIENCE_SECONDS, Stage
from tests.faults.stored import read_deliveries

# Between the delivery and the cursor, and just after the cursor.
PLACES = ("after_delivery", "after_cursor")
_LEASES = "DELETE FROM chat_lease WHERE name LIKE 'follower %'"
_BEHIND = """
SELECT count(*) FROM chat_room r WHERE NOT EXISTS (
    SELECT FROM chat_cursor c WHERE c.room_id = r.id AND c.rev >= r.head_seq
)
"""


async def kill_beside_the_cursor(stage: Stage) -> None:
    before_the_cursor, _ = PLACES
    for slot in stage.cluster.slots:
        await _restart(stage, slot, before_the_cursor)
    for place in itertools.cycle(reversed(PLACES)):
        slot = await _dead(stage)
        stage.faults += 1
        await _restart(stage, slot, place)
        if not stage.is_time():
            break
    for slot in stage.cluster.slots:
        await _restart(stage, slot, "")
    await stage.become_quiet()
    await _until_followed(stage)
    await asyncio.to_thread(_expect_repeats, stage)


async def _restart(stage: Stage, slot: Slot, place: str) -> None:
    await slot.kill()
    # As if the minute had passed after which the lease of a dead process is void.
    await asyncio.to_thread(stage.cluster.sql, _LEASES)
    count = stage.random.randint(3, 9)
    await slot.start(HUBBUB_FAILPOINT=f"{place}:{count}" if place else "")


async def _dead(stage: Stage) -> Slot:
    """The first process to kill itself."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for slot in stage.cluster.slots:
                if slot.process.popen.poll() is not None:
                    return slot
            await asyncio.sleep(0.02)


async def _until_followed(stage: Stage) -> None:
    started = time.monotonic()
    while await asyncio.to_thread(_rooms_behind, stage.cluster.database_url):
        await asyncio.sleep(0.1)
        if time.monotonic() - started > PATIENCE_SECONDS:
            stage.expect(False, "the follower did not catch up")
            return


def _expect_repeats(stage: Stage) -> None:
    """The first process at least died with a delivery that its cursor did not know."""
    deliveries = read_deliveries(stage.cluster.database_url) or []
    again = len(deliveries) - len(set(deliveries))
    stage.remarks.append(f"{len(deliveries)} delivered, {again} of them again")
    stage.expect(again > 0, "no delivery was repeated")


def _rooms_behind(url: str) -> int:
    with psycopg.connect(url) as connection:
        [(count,)] = connection.execute(_BEHIND).fetchall()
        return int(count)


FOLLOWER = Scenario(
    name="follower killed",
    inject=kill_beside_the_cursor,
    settings={"HUBBUB_WITNESS": "on"},
)
