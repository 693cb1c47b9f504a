"""What an operator can watch: every number of `/metrics`, in one table.

No label names a person or a room: how many series there are never depends on either.
They are this process's own; each process is asked for its own.
"""

import asyncio

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LAG_EVERY_SECONDS = 0.25

connections = Gauge("hubbub_connections", "Open sockets.", registry=registry)
deliveries = Counter(
    "hubbub_deliveries",
    "Frames with changes of rooms, each socket's.",
    registry=registry,
)
volatile_dropped = Counter(
    "hubbub_volatile_dropped",
    "Typing and the like, not written to who reads too slowly.",
    registry=registry,
)
commit_to_frame = Histogram(
    "hubbub_commit_to_frame_seconds",
    "From the commit to the frames, by where it was committed.",
    ["source"],
    buckets=_SECONDS,
    registry=registry,
)
gaps = Counter(
    "hubbub_gaps", "A change came before the one that it follows.", registry=registry
)
repairs = Counter(
    "hubbub_repairs",
    "Gaps that did not close by themselves: the database was read.",
    ["cause"],
    registry=registry,
)
resets = Counter(
    "hubbub_resets", "Rooms whose readers had to start again.", registry=registry
)
resumes = Counter(
    "hubbub_resumes",
    "Rooms subscribed to, by what came of it.",
    ["result"],
    registry=registry,
)
commands = Counter(
    "hubbub_commands",
    "Commands, by their answer's code.",
    ["command", "code"],
    registry=registry,
)
closes = Counter(
    "hubbub_closes", "Sockets that ended, by close code.", ["code"], registry=registry
)
batch_messages = Histogram(
    "hubbub_writer_batch_messages",
    "Messages of one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=registry,
)
writer_wait = Histogram(
    "hubbub_writer_wait_seconds",
    "How long the oldest message of a transaction waited for it.",
    buckets=_SECONDS,
    registry=registry,
)
database_wait = Histogram(
    "hubbub_database_wait_seconds",
    "How long work waited for a thread.",
    ["pool"],
    buckets=_SECONDS,
    registry=registry,
)
loop_lag = Histogram(
    "hubbub_event_loop_lag_seconds",
    "How much later than asked the event loop came back.",
    buckets=_SECONDS,
    registry=registry,
)
layer_probe = Histogram(
    "hubbub_layer_probe_seconds",
    "Our own packet's way through the channel layer and back.",
    buckets=_SECONDS,
    registry=registry,
)
layer_silent = Gauge(
    "hubbub_layer_silent_seconds",
    "How long nothing of our own came back; more than 1 is a layer that is down.",
    registry=registry,
)


async def watch_loop() -> None:
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    await asyncio.sleep(LAG_EVERY_SECONDS)
    loop_lag.observe(max(0.0, loop.time() - asked_at - LAG_EVERY_SECONDS))
