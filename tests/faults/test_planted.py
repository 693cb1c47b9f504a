"""Bugs put in on purpose: a checker that overlooks one of them proves nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.cluster import Services
from tests.faults.planted.bugs import BUGS
from tests.faults.scenario import Scenario
from tests.faults.scenarios import followers, people, processes, redis, removals
from tests.faults.stage import play

SECONDS = 4.0
# A bug shows only in certain moments, and on a busy machine a round may have none.
ROUNDS = 5

# For each bug the scenario that brings it to light, and the counters that must rise.
CAUGHT: dict[str, tuple[Scenario, set[str]]] = {
    "publish_before_commit": (processes.KILL, {"phantom", "divergent", "lost"}),
    "seq_outside_the_lock": (people.CUT, {"gap", "lost", "reorder"}),
    "reply_before_commit": (processes.KILL, {"lost"}),
    "client_id_not_unique": (people.CUT, {"stored_twice"}),
    # With ten rooms one of the last hints is lost for certain.
    "no_position_check": (replace(redis.LOSSY, rooms=10), {"lost"}),
    "no_reorder": (redis.LOSSY, {"gap", "reorder", "delivered_twice"}),
    "membership_not_checked": (people.LEAVE, {"after_removal"}),
    "readers_not_confirmed": (removals.TAKE_OUT, {"after_removal"}),
    "truncated_list": (people.AWAY, {"lost"}),
    "cursor_before_delivery": (followers.FOLLOWER, {"skipped"}),
}


def test_every_bug_is_here() -> None:
    assert CAUGHT.keys() == BUGS.keys()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", CAUGHT)
async def test_the_checker_catches(bug: str, found: Services, tmp_path: Path) -> None:
    scenario, expected = CAUGHT[bug]
    settings = scenario.settings | {"HUBBUB_BUG": bug, "HUBBUB_DROP": "0.5"}
    planted = replace(scenario, settings=settings, quiet_seconds=3)
    results = []
    for _ in range(ROUNDS):
        results.append(await play(planted, found, tmp_path, seconds=SECONDS))
        if results[-1].counts.found() & expected:
            return
    pytest.fail(f"Not caught: {results}")
