"""Every number of `/metrics`, in one table.

No label names a person, a room or a path, so the number of series never depends on
them. The numbers are those of this process; each process is scraped by itself.
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
    "Frames with changes of rooms, counted for each socket.",
    registry=registry,
)
volatile_dropped = Counter(
    "hubbub_volatile_dropped",
    "Typing and other volatile events that a slow reader did not get.",
    registry=registry,
)
commit_to_frame = Histogram(
    "hubbub_commit_to_frame_seconds",
    "From the commit to the frames, by the process that committed.",
    ["source"],
    buckets=_SECONDS,
    registry=registry,
)
gaps = Counter(
    "hubbub_gaps", "A change arrived before the one that it follows.", registry=registry
)
repairs = Counter(
    "hubbub_repairs",
    "Reads of the database for changes that did not arrive.",
    ["cause"],
    registry=registry,
)
resets = Counter(
    "hubbub_resets",
    "Rooms whose readers had to start again.",
    registry=registry,
)
resumes = Counter(
    "hubbub_resumes",
    "Subscriptions to rooms, by their result.",
    ["result"],
    registry=registry,
)
commands = Counter(
    "hubbub_commands",
    "Commands, by the code of their answer.",
    ["command", "code"],
    registry=registry,
)
closes = Counter(
    "hubbub_closes",
    "Closed sockets, by close code.",
    ["code"],
    registry=registry,
)
batch_messages = Histogram(
    "hubbub_writer_batch_messages",
    "Messages written in one transaction.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    registry=registry,
)
group_size = Histogram(
    "hubbub_group_size",
    "Sockets that one call to the database served, by what it did for them.",
    ["call"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
    registry=registry,
)
writer_wait = Histogram(
    "hubbub_writer_wait_seconds",
    "How long the oldest message of a transaction waited.",
    buckets=_SECONDS,
    registry=registry,
)
database_wait = Histogram(
    "hubbub_database_wait_seconds",
    "How long work waited for a thread of its pool.",
    ["pool"],
    buckets=_SECONDS,
    registry=registry,
)
requests = Counter(
    "hubbub_requests",
    "REST and other HTTP requests, by method, route and status.",
    ["method", "route", "status"],
    registry=registry,
)
request_wait = Histogram(
    "hubbub_request_wait_seconds",
    "How long a request waited for its turn to have a thread.",
    buckets=_SECONDS,
    registry=registry,
)
loop_lag = Histogram(
    "hubbub_event_loop_lag_seconds",
    "How much later than asked the event loop woke up.",
    buckets=_SECONDS,
    registry=registry,
)
layer_probe = Histogram(
    "hubbub_layer_probe_seconds",
    "The time of our own packet through the channel layer and back.",
    buckets=_SECONDS,
    registry=registry,
)
layer_silent = Gauge(
    "hubbub_layer_silent_seconds",
    "How long no packet of our own came back; above 1 the layer is down.",
    registry=registry,
)


async def watch_loop() -> None:
    """Measure once how late the event loop is. Call it again and again."""
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    await asyncio.sleep(LAG_EVERY_SECONDS)
    loop_lag.observe(max(0.0, loop.time() - asked_at - LAG_EVERY_SECONDS))
