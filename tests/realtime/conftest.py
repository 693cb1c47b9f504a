"""Served processes for socket tests, on both servers and both kinds of deployment."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.served import Deployment, Process, ServerName
from tests.services import postgres, redis

NewDeployment = Callable[..., Deployment]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis() as server:
        yield server.url


@pytest.fixture(
    scope="session",
    params=["uvicorn-sqlite", "daphne-sqlite", "uvicorn-postgres", "daphne-postgres"],
)
def deployment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """Every test that asks for it runs four times."""
    server, database = request.param.split("-")
    deployment = Deployment(tmp_path_factory.mktemp(request.param), server)
    if database == "postgres":
        deployment.database_url = request.getfixturevalue("postgres_url")
        deployment.redis_url = request.getfixturevalue("redis_url")
    deployment.manage("migrate", "--verbosity=0")
    return deployment


@pytest.fixture(scope="session")
def process(deployment: Deployment) -> Iterator[Process]:
    with deployment.serving() as process:
        yield process


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[NewDeployment]:
    """Makes a deployment of the test's own (SQLite), with settings of its own."""

    def make(server: ServerName = "uvicorn", **settings: str) -> Deployment:
        deployment = Deployment(tmp_path, server, settings=settings)
        deployment.manage("migrate", "--verbosity=0")
        return deployment

    with ExitStack():
        yield make
