"""A server under load, and how it is reached."""

import msgspec
import psutil


class Target(msgspec.Struct, frozen=True):
    """`name` is one of bench/dialects.py. `pid` is the first of its processes."""

    name: str
    port: int
    pid: int
    host: str = "127.0.0.1"

    @property
    def pids(self) -> list[int]:
        first = psutil.Process(self.pid)
        return [self.pid, *(child.pid for child in first.children(recursive=True))]
