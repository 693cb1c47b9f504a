"""All scenarios, and for how long each runs in `make faults` and in the tests."""

from .scenarios import people, postgres, processes, redis, sockets
from .stage import Scenario

# Seconds in `make faults`, seconds in `make test` (0: not there).
PLAN: list[tuple[Scenario, float, float]] = [
    (processes.KILL, 150, 5),
    (processes.FAILPOINTS, 30, 1),
    (processes.DEPLOY, 120, 3),
    (processes.DEPLOY_DAPHNE, 30, 0),
    (redis.KILL, 90, 6),
    (redis.HANG, 90, 6),
    (redis.DROP, 60, 3),
    (redis.FREEZE, 60, 0),
    (redis.LOSSY, 120, 4),
    (postgres.RESTART, 90, 4),
    (postgres.CRASH, 60, 0),
    (postgres.TERMINATE, 90, 4),
    (postgres.LOCK, 40, 0),
    (people.CUT, 120, 3),
    (people.AWAY, 60, 3),
    (people.LEAVE, 10, 3),
    (sockets.STOP_READING, 30, 1),
    (sockets.CUT_ALL, 30, 0),
    (sockets.CLOCKS, 60, 3),
    (sockets.IDLE, 120, 0),
    (sockets.IDLE_ALONE, 120, 0),
    (sockets.COME_AND_GO, 100, 0),
]
