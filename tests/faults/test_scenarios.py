"""Each scenario for some seconds; `make faults` runs them for half an hour."""

from pathlib import Path

import pytest

from tests.faults.cluster import Services
from tests.faults.plan import PLAN
from tests.faults.scenario import Scenario
from tests.faults.stage import play

SHORT = [(scenario, seconds) for scenario, _, seconds in PLAN if seconds]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("scenario", "seconds"), SHORT, ids=[scenario.name for scenario, _ in SHORT]
)
async def test_nothing_is_lost(
    scenario: Scenario, seconds: float, found: Services, tmp_path: Path
) -> None:
    result = await play(scenario, found, tmp_path, seconds=seconds)
    assert result.faults
    assert not result.problems(), result
