"""Starts Hubbub and other servers as children, and stops these and nothing else."""

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
from urllib.parse import urlsplit

import msgspec
import psutil
import psycopg

from bench.people import Person, parse_people
from bench.process import Cores, pinned, share_cores
from bench.target import Target
from tests.services import postgres_server, redis_server
from tests.services.npm import node
from tests.services.scratch import free_port

_ROOT = Path(__file__).parent.parent
_START_SECONDS = 30
_STOP_SECONDS = 10
_COMMAND_SECONDS = 240
_PYTHON = sys.executable
_SYNCDB = ("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0")


class Services(msgspec.Struct, frozen=True):
    """All servers share one PostgreSQL, one Redis and one division of cores."""

    database_url: str
    redis_url: str
    cores: Cores


@contextmanager
def own_services() -> Iterator[Services]:
    """Always services of our own: DATABASE_URL may name a database with real chats.

    They run beside the load; the servers are pinned to another core.
    """
    cores = share_cores()
    with (
        pinned(cores.load),
        postgres_server(fsync=True) as database,
        redis_server() as redis,
    ):
        yield Services(database.url, redis.url, cores)


class Environment(msgspec.Struct, frozen=True):
    """The environment and the cores of one server's commands."""

    variables: dict[str, str]
    cores: Cores

    def run(self, *command: str, **more: str) -> str:
        """Run a command to its end, with `more` variables. Returns its output."""
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=self.variables | more,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def run_python(self, *arguments: str) -> str:
        return self.run(_PYTHON, *arguments)

    @contextmanager
    def serve(self, name: str, *command: str) -> Iterator[Target]:
        """Run a server, whose command gets the port as its last word."""
        port = free_port()
        with tempfile.TemporaryFile() as log, pinned(self.cores.server):
            process = psutil.Popen(
                [*command, str(port)],
                cwd=_ROOT,
                env=self.variables,
                stdout=log,
                stderr=log,
            )
            try:
                _wait_until_listening(process, port, log.fileno())
                with pinned(self.cores.load):
                    yield Target(name=name, port=port, pid=process.pid)
            finally:
                _stop(process)


@contextmanager
def hubbub(
    services: Services, *, workers: int = 1, **settings: str
) -> Iterator[tuple[Target, Environment]]:
    environment = _environment(
        services,
        DJANGO_SETTINGS_MODULE="backend.settings",
        # As in production. With DEBUG Django keeps the text of each query.
        DEBUG="off",
        ALLOWED_HOSTS="127.0.0.1",
        RATE_LIMITS="off",
        JWT_SIGNING_KEY=secrets.token_hex(32),
        # The longest that is allowed, because a scenario may last ten minutes.
        ACCESS_TOKEN_SECONDS="900",
        **settings,
    )
    environment.run_python("manage.py", "migrate", "--verbosity", "0")
    serve = ("manage.py", "serve", "--workers", str(workers))
    command = (_PYTHON, *serve, "--host", "127.0.0.1", "--port")
    with environment.serve("hubbub", *command) as target:
        yield target, environment


@contextmanager
def naive(services: Services, *, stores: bool) -> Iterator[Target]:
    environment = _environment(
        services,
        DJANGO_SETTINGS_MODULE="bench.naive.settings",
        BASELINE_STORES="1" if stores else "0",
    )
    environment.run_python(*_SYNCDB)
    application = "bench.naive.asgi:application"
    command = (_PYTHON, "-m", "daphne", application, "-b", "127.0.0.1", "-p")
    with environment.serve("naive", *command) as target:
        yield target


@contextmanager
def socketio(services: Services) -> Iterator[Target]:
    folder = _ROOT / "bench" / "socketio"
    environment = _environment(services, NODE_ENV="production")
    if not (folder / "node_modules").exists():
        environment.run("npm", "ci", "--prefix", str(folder), "--ignore-scripts")
    with environment.serve("socketio", node(), str(folder / "server.js")) as target:
        yield target


@contextmanager
def plain_drf(services: Services) -> Iterator[tuple[Target, Environment]]:
    """It has a database of its own, since its tables have names that Hubbub's have."""
    with psycopg.connect(services.database_url, autocommit=True) as database:
        database.execute("CREATE DATABASE plain")
    address = urlsplit(services.database_url)._replace(path="/plain").geturl()
    environment = _environment(
        services,
        DATABASE_URL=address,
        DJANGO_SETTINGS_MODULE="bench.plain_drf.settings",
    )
    environment.run_python(*_SYNCDB)
    application = "bench.plain_drf.asgi:application"
    command = (_PYTHON, "-m", "uvicorn", application, "--log-level", "error")
    with environment.serve("plain_drf", *command, "--port") as target:
        yield target, environment


def hubbub_people(
    environment: Environment, people: int, **sizes: int
) -> Sequence[Person]:
    """People of their own in new rooms; `sizes` are options of `bench.populate`."""
    words = [("--people", people), *((f"--{k}", n) for k, n in sizes.items())]
    flags = [str(word).replace("_", "-") for pair in words for word in pair]
    printed = environment.run_python("-m", "bench.populate", *flags)
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
