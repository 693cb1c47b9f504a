"""Starts Hubbub and the baseline as children, and stops these and nothing else."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from bench.crowd import Target
from bench.people import Person, parse_people
from bench.process import Cores, pinned
from tests.services.scratch import free_port

_ROOT = Path(__file__).parent.parent
_START_SECONDS = 30
_STOP_SECONDS = 10


class Services(msgspec.Struct, frozen=True):
    """Both servers share one PostgreSQL, one Redis and one division of cores."""

    database_url: str
    redis_url: str
    cores: Cores


class Environment(msgspec.Struct, frozen=True):
    """The environment and the cores of one server's commands."""

    variables: dict[str, str]
    cores: Cores

    def run(self, *command: str, **more: str) -> str:
        """Run a command to its end, with `more` variables. Returns its output."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=_ROOT,
            env=self.variables | more,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    @contextmanager
    def serve(self, dialect: str, *command: str) -> Iterator[Target]:
        port = free_port()
        with tempfile.TemporaryFile() as log, pinned(self.cores.server):
            process = psutil.Popen(
                [sys.executable, *command, str(port)],
                cwd=_ROOT,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
            try:
                _wait_until_listening(process, port, log.fileno())
                with pinned(self.cores.load):
                    yield Target(dialect=dialect, port=port, pid=process.pid)
            finally:
                _stop(process)


@contextmanager
def hubbub(services: Services, **settings: str) -> Iterator[tuple[Target, Environment]]:
    environment = _environment(
        services,
        DJANGO_SETTINGS_MODULE="backend.settings",
        # As in production. With DEBUG Django keeps the text of each query.
        DEBUG="off",
        ALLOWED_HOSTS="127.0.0.1",
        RATE_LIMITS="off",
        JWT_SIGNING_KEY=secrets.token_hex(32),
        **settings,
    )
    environment.run("manage.py", "migrate", "--verbosity", "0")
    command = ("manage.py", "serve", "--host", "127.0.0.1", "--port")
    with environment.serve("hubbub", *command) as target:
        yield target, environment


@contextmanager
def naive(services: Services, *, stores: bool) -> Iterator[Target]:
    environment = _environment(
        services,
        DJANGO_SETTINGS_MODULE="bench.naive.settings",
        BASELINE_STORES="1" if stores else "0",
    )
    environment.run("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0")
    application = "bench.naive.asgi:application"
    command = ("-m", "daphne", application, "-b", "127.0.0.1", "-p")
    with environment.serve("naive", *command) as target:
        yield target


def hubbub_people(
    environment: Environment, *, users: int, rooms: int
) -> Sequence[Person]:
    command = ("loadtest_users", "--users", str(users), "--rooms", str(rooms))
    # The command hands out tokens, so it runs only with DEBUG.
    printed = environment.run("manage.py", *command, DEBUG="on")
    return parse_people(printed.splitlines())


def _environment(services: Services, **variables: str) -> Environment:
    everything = {
        **os.environ,
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "SECRET_KEY": secrets.token_hex(32),
        "PYTHONPATH": str(_ROOT),
        **variables,
    }
    return Environment(variables=everything, cores=services.cores)


def _wait_until_listening(process: psutil.Popen, port: int, log: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    said = os.pread(log, 100_000, 0).decode(errors="replace")
    sys.exit(f"a server did not start:\n{said[-2000:]}")


def _stop(process: psutil.Popen) -> None:
    """End the server and all of its children."""
    if process.poll() is not None:
        return
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
    for one in alive:
        one.kill()
