"""The cost of processes and the cores they run on.

Nothing here looks at a process whose id it was not given.
"""

import gc
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import psutil


class Cores(msgspec.Struct, frozen=True):
    """One core for the server; all others for the load, Redis and PostgreSQL."""

    server: list[int]
    load: list[int]

    def __str__(self) -> str:
        if not self.server:
            return "no process is pinned: this machine has one core or cannot pin"
        load = ", ".join(map(str, self.load))
        return (
            f"server pinned to core {self.server[0]}; "
            f"load, Redis and PostgreSQL to core {load}"
        )


def share_cores() -> Cores:
    me = psutil.Process()
    cores = me.cpu_affinity() if hasattr(me, "cpu_affinity") else []
    if not cores or len(cores) < 2:
        return Cores(server=[], load=[])
    return Cores(server=[cores[0]], load=[cores[1]])


@contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """Children that start inside run on `cores`, which a child inherits."""
    me = psutil.Process()
    before = me.cpu_affinity() if cores else []
    if cores:
        me.cpu_affinity(cores)
    try:
        yield
    finally:
        if cores:
            me.cpu_affinity(before)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, ended children too."""
    total = 0.0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    own = psutil.Process(pid).cpu_times()
    return total + own.children_user + own.children_system


def memory_bytes(pid: int) -> tuple[int, int]:
    """The memory that only this tree holds (USS), and its resident size (RSS)."""
    unique = resident = 0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            memory = process.memory_full_info()
            unique += memory.uss
            resident += memory.rss
    return unique, resident


def open_files() -> int:
    """How many files, sockets among them, a process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft


def allow_many_sockets() -> None:
    """Raise the limit of open files as far as allowed; children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Switch collecting off: the load keeps every latency, and a long collection would
    look like a pause of the server."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def is_busy() -> bool:
    """Whether other work took half of the cores over the last minute."""
    return psutil.getloadavg()[0] > (psutil.cpu_count() or 1) / 2


def own_cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
