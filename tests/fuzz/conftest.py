"""Servers to fuzz, one of each kind, with people in two rooms."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.served import Deployment, Person, Process, ServerName

# How much the tests send; `make fuzz` sends ten times as much.
SCALE = int(os.environ.get("FUZZ_SCALE", "1"))


@dataclass(frozen=True)
class Target:
    process: Process
    people: list[Person]

    @property
    def rooms(self) -> list[str]:
        return sorted({person.room for person in self.people})

    def memory(self) -> float:
        """The MiB that the server and its children take."""
        server = psutil.Process(self.process.popen.pid)
        family = [server, *server.children(recursive=True)]
        return sum(one.memory_info().rss for one in family) / 2**20

    def check_log(self) -> None:
        """Check that the server logged no unexpected failure."""
        log = self.process.log.read_text(errors="replace")
        for trouble in ("Traceback", "incident", "never retrieved"):
            assert trouble not in log, log[max(0, log.index(trouble) - 2_000) :][:6_000]


@pytest.fixture(scope="module")
def uvicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with _serving("uvicorn", tmp_path_factory.mktemp("uvicorn")) as target:
        yield target


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    with _serving(request.param, tmp_path_factory.mktemp("fuzz")) as target:
        yield target


@contextmanager
def _serving(server: ServerName, directory: Path) -> Iterator[Target]:
    deployment = Deployment(directory, server)
    deployment.migrate()
    people = deployment.people(4, rooms=2)
    with deployment.serving() as process:
        yield Target(process, people)
