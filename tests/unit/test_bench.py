"""The table of the bench says what was measured, and the bus is simulated as built."""

import msgspec
import pytest

from bench.bus import Costs
from bench.goals import GOALS, Goal, Rounds
from bench.growth import growth_of
from bench.people import MAX_PLACES, Person, Place
from bench.report import remarks, table
from bench.scenarios import scenarios
from bench.simulate import Design, simulate
from core.bus.publisher import PAUSE_SECONDS

ROUNDS: Rounds = {
    "busy": {
        "hubbub": [{"cost": 7.0}, {"cost": 5.0}, {"cost": 9.0}],
        "socketio": [{"cost": 4.0}],
    }
}
COSTS = Costs(
    publish=75,
    publish_message=0.2,
    receive=120,
    foreign_message=4,
    redis_publish=40,
    redis_subscriber=4,
)
AS_BUILT = Design("as built", PAUSE_SECONDS)


@pytest.mark.parametrize(
    ("goal", "is_met"),
    [
        (Goal("busy", "", "cost", bound=7), True),
        (Goal("busy", "", "cost", bound=6.9), False),
        (Goal("busy", "", "cost", bound=7, more=True), True),
        (Goal("busy", "", "cost", bound=7.1, more=True), False),
        (Goal("busy", "", "cost", times=2, beside="socketio"), True),
        (Goal("busy", "", "cost", times=1.7, beside="socketio"), False),
        (Goal("busy", "", "cost", bound=9, times=1.7, beside="socketio"), False),
        (Goal("busy", "", "cost"), None),
        (Goal("busy", "", "another figure", bound=7), None),
        (Goal("quiet", "", "cost", bound=7), None),
    ],
)
def test_a_goal_is_met_by_the_median_of_all_rounds(
    goal: Goal, is_met: bool | None
) -> None:
    assert goal.is_met(ROUNDS) is is_met


def test_every_goal_belongs_to_a_scenario_that_is_measured() -> None:
    assert {goal.scenario for goal in GOALS} == set(scenarios(quick=False))


def test_a_row_has_each_servers_median_and_spread() -> None:
    costs = [{"cpu_us_per_delivery": cost} for cost in (8.0, 4.0, 9.0)]
    rounds: Rounds = {"one-sender": {"hubbub": costs[:1], "socketio": costs}}
    head, row = table(rounds)
    assert dict(zip(head, row, strict=True)) | {"goal": ""} == {
        "medians (lowest-highest)": "one sender, 200 sockets: CPU a delivery, µs",
        "goal": "",
        "met": "yes",
        "Hubbub": "8.0",
        "Socket.IO": "8.0 (4.0-9.0)",
        "plain DRF": "",
        "tutorials' way": "",
    }


def test_a_lost_message_is_remarked_upon() -> None:
    whole = {"expected": 200.0, "delivered": 200.0}
    assert not list(remarks({"busy": {"hubbub": [whole]}}))
    [remark] = remarks({"busy": {"hubbub": [whole, whole | {"delivered": 100.0}]}})
    assert "75.0% delivered" in remark


def test_growth_is_the_highest_cost_beside_that_of_the_smallest_size() -> None:
    assert growth_of({1: {"a": 2.0}, 10: {"a": 5.0}, 100: {"a": 3.0}}, "a") == 2.5


def test_a_person_subscribes_to_as_many_rooms_as_a_command_takes() -> None:
    places = [Place(f"room {n}") for n in range(MAX_PLACES + 1)]
    person = Person("alice", "a token", "room 0", places)
    assert msgspec.json.decode(person.column) == [
        {"room": f"room {n}"} for n in range(MAX_PLACES)
    ]


def test_a_change_reaches_another_process_within_the_pause_and_little_more() -> None:
    delay = simulate(COSTS, AS_BUILT, processes=8).p99_ms
    assert PAUSE_SECONDS * 900 < delay < PAUSE_SECONDS * 1000 + 5


def test_the_pause_spares_a_process_most_of_its_packets() -> None:
    paced = simulate(COSTS, AS_BUILT, processes=16).process
    assert simulate(COSTS, Design("", 0), processes=16).process > 5 * paced


def test_senders_that_share_four_redises_load_each_with_a_quarter() -> None:
    one = simulate(COSTS, AS_BUILT, processes=16)
    four = simulate(COSTS, AS_BUILT._replace(redises=4), processes=16)
    assert four.redis == pytest.approx(one.redis / 4)
    assert four.process == pytest.approx(one.process, rel=0.05)
