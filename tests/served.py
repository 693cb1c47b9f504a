"""Real server processes for tests: Hubbub under uvicorn or daphne, on a free port.

Each process writes its own log file at DEBUG. The log is searched for secrets when the
process has ended, and a test may read it then.
"""

import atexit
import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any, Literal

import requests

from tests import canary

ROOT = Path(__file__).resolve().parent.parent
ServerName = Literal["uvicorn", "daphne"]
START_SECONDS = 30
# The name of the database in settings.py.
FILE = "hubbub.sqlite3"
# Known to the tests, so that they can forge tokens.
SIGNING_KEY = "a-signing-key-of-tests-and-nothing-else-0123456"


@dataclass
class Deployment:
    """One database (and Redis) that several processes serve together."""

    directory: Path
    server: ServerName = "uvicorn"
    database_url: str = ""
    redis_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        inherited = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG")
            if name in os.environ
        }
        return inherited | {
            "DEBUG": "on",
            "RATE_LIMITS": "off",
            # For tests/canary.py, which searches the whole output.
            "LOG_LEVEL": "DEBUG",
            "PYTHONUNBUFFERED": "1",
            "STATE_DIR": str(self.directory),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "a-secret-key-of-tests-and-nothing-else-0123456789",
            "JWT_SIGNING_KEY": SIGNING_KEY,
            **self.settings,
        }

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` to its end. Returns its output; raises CalledProcessError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    def migrate(self) -> None:
        """Make the tables: on SQLite by copying a file that was migrated once."""
        if self.database_url:
            self.manage("migrate", "--verbosity=0")
        else:
            copyfile(_migrated(), self.directory / FILE)

    def people(self, users: int, rooms: int = 1) -> list["Person"]:
        """People who are members of the rooms in turn, each with an access token."""
        lines = self.manage(
            "loadtest_users", f"--users={users}", f"--rooms={rooms}"
        ).splitlines()
        people = [Person(**json.loads(line)) for line in lines]
        for person in people:
            canary.mark("a token", person.token)
        return people

    @contextmanager
    def serving(self) -> Iterator["Process"]:
        """One more process, until the block ends."""
        process = Process.start(self)
        try:
            yield process
        finally:
            process.stop()


@dataclass(frozen=True)
class Person:
    username: str
    token: str
    room: str


@dataclass
class Process:
    """A server process. `log` is the file with its whole output."""

    port: int
    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, deployment: Deployment) -> "Process":
        port = free_port()
        log = deployment.directory / f"server-{port}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "manage.py", *_arguments(deployment.server, port)],
                cwd=ROOT,
                env=deployment.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = cls(port, popen, log)
        process._wait_until_it_answers()
        return process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def socket_url(self, token: str | None = None) -> str:
        canary.mark("a token", token or "")
        query = "" if token is None else f"?token={token}"
        return f"ws://127.0.0.1:{self.port}/ws/v1{query}"

    def call(
        self, method: str, path: str, token: str = "", body: Any = None
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/api/v1/{path}"
        canary.mark("a token", token)
        canary.mark_all(body)
        answer = requests.request(method, url, json=body, headers=headers, timeout=20)
        if answer.headers.get("Content-Type") == "application/json" and answer.content:
            canary.mark_all(answer.json())
        return answer

    def upload(
        self, path: str, token: str, name: str, content: bytes, method: str = "POST"
    ) -> requests.Response:
        canary.mark("a token", token)
        return requests.request(
            method,
            f"{self.url}/api/v1/{path}",
            files={"file": (name, content)},
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )

    def log_in_from(self, forwarded: str) -> int:
        """Try to log in as nobody, with this `X-Forwarded-For`. Returns the status."""
        return requests.post(
            f"{self.url}/api/v1/auth/login",
            json={"username": "nobody", "password": "wrong"},
            headers={"X-Forwarded-For": forwarded},
            timeout=20,
        ).status_code

    def terminate(self) -> float:
        """Send SIGTERM. Returns how many seconds the process took to end."""
        started = time.monotonic()
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(timeout=30)
        took = time.monotonic() - started
        self._search_log()
        return took

    def stop(self) -> None:
        """Kill it if it still runs. Raises SecretInLog."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(timeout=10)
        self._search_log()

    def _search_log(self) -> None:
        canary.search(self.log.read_text(errors="replace"))

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.popen.poll() is None:
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"The server did not start:\n{self.log.read_text()}")


@functools.cache
def _migrated() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="hubbub-migrated-"))
    atexit.register(rmtree, directory)
    Deployment(directory).manage("migrate", "--verbosity=0")
    return directory / FILE


def free_port() -> int:
    """A port below the ephemeral range, which no outgoing connection takes."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _arguments(server: ServerName, port: int) -> list[str]:
    if server == "uvicorn":
        return ["serve", f"--port={port}"]
    return ["runserver", "--noreload", f"127.0.0.1:{port}"]
