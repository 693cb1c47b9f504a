"""All scenarios, and for how long each runs in `make faults` and in the tests."""

from .scenario import Scenario
from .scenarios import (
    followers,
    people,
    postgres,
    processes,
    redis,
    removals,
    sockets,
)

# Seconds in `make faults`, seconds in `make test` (0: not there).
PLAN: list[tuple[Scenario, float, float]] = [
    (processes.KILL, 100, 5),
    (processes.FAILPOINTS, 30, 1),
    (followers.FOLLOWER, 60, 6),
    (processes.DEPLOY, 80, 3),
    (processes.DEPLOY_DAPHNE, 30, 0),
    (redis.KILL, 60, 6),
    (redis.HANG, 60, 6),
    (redis.DROP, 50, 3),
    (redis.FREEZE, 40, 0),
    (redis.LOSSY, 100, 4),
    (postgres.RESTART, 70, 4),
    (postgres.CRASH, 40, 0),
    (postgres.TERMINATE, 60, 4),
    (postgres.LOCK, 24, 0),
    (people.CUT, 90, 3),
    (people.AWAY, 50, 3),
    (people.LEAVE, 10, 3),
    # 100 removals take about 80 s.
    (removals.TAKE_OUT, 100, 5),
    (sockets.STOP_READING, 30, 1),
    (sockets.CUT_ALL, 25, 0),
    (sockets.CLOCKS, 40, 3),
    (sockets.IDLE, 120, 0),
    (sockets.IDLE_ALONE, 120, 0),
    (sockets.COME_AND_GO, 120, 0),
]
