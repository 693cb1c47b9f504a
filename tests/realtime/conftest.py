"""Served processes for socket tests, on both servers and both kinds of deployment."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.bus.publisher import PAUSE_SECONDS
from tests.served import Deployment, Person, Process, ServerName
from tests.services import postgres, redis
from tests.sockets import Socket

NewDeployment = Callable[..., Deployment]
Two = tuple[Process, Process]


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
    directory = tmp_path_factory.mktemp(request.param)
    deployment = Deployment(directory, server, settings={"ALLOW_GUESTS": "on"})
    if database == "postgres":
        deployment.database_url = request.getfixturevalue("postgres_url")
        deployment.redis_url = request.getfixturevalue("redis_url")
    deployment.migrate()
    return deployment


@pytest.fixture(scope="session")
def process(deployment: Deployment) -> Iterator[Process]:
    with deployment.serving() as process:
        yield process


@pytest.fixture
def embedded(tmp_path: Path) -> NewDeployment:
    """Makes a deployment of the test's own, on SQLite, with its own settings."""

    def make(server: ServerName = "uvicorn", **settings: str) -> Deployment:
        deployment = Deployment(tmp_path, server, settings=settings)
        deployment.migrate()
        return deployment

    return make


@dataclass(frozen=True)
class Scene:
    """A room that alice owns and bob joined; charlie is outside."""

    room: str
    alice: str
    bob: str
    charlie: str
    head: int = 2


@pytest.fixture(scope="session")
def people(deployment: Deployment) -> list[Person]:
    return deployment.people(3)


@pytest.fixture
def scene(process: Process, people: list[Person]) -> Scene:
    """A room of the test's own, with two messages: it was created, and bob joined."""
    alice, bob, charlie = (person.token for person in people)
    return new_scene(process, alice, bob, charlie)


def new_scene(process: Process, alice: str, bob: str, charlie: str) -> Scene:
    name = f"room-{secrets.token_hex(4)}"
    room = process.call("POST", "rooms", alice, {"name": name}).json()["id"]
    assert process.call("POST", f"rooms/{room}/join", bob).ok
    return Scene(room, alice, bob, charlie)


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def shared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_url: str,
    redis_url: str,
) -> Deployment:
    server: ServerName = request.param
    directory = tmp_path_factory.mktemp(f"two-{server}")
    deployment = Deployment(directory, server, postgres_url, redis_url)
    deployment.migrate()
    return deployment


@pytest.fixture(scope="module")
def two(shared: Deployment) -> Iterator[Two]:
    with shared.serving() as first, shared.serving() as second:
        yield first, second


@pytest.fixture
def shared_scene(shared: Deployment, two: Two) -> Scene:
    alice, bob, charlie = (person.token for person in shared.people(3))
    scene = new_scene(two[0], alice, bob, charlie)
    # The second process hears of it after a pause, and the test's sockets must not.
    time.sleep(5 * PAUSE_SECONDS)
    return scene


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def limited(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_url: str,
    redis_url: str,
) -> Deployment:
    """With rate limits, and ten connections for each person."""
    directory = tmp_path_factory.mktemp(f"limited-{request.param}")
    settings = {"RATE_LIMITS": "on", "LIMIT_CONNECTIONS_PER_PERSON": "10"}
    deployment = Deployment(
        directory, request.param, postgres_url, redis_url, settings=settings
    )
    deployment.migrate()
    return deployment


@pytest.fixture(scope="module")
def limited_two(limited: Deployment) -> Iterator[Two]:
    with limited.serving() as first, limited.serving() as second:
        yield first, second


async def closing(socket: Socket) -> tuple[int, float]:
    """Wait until it is closed: the code, and the monotonic time."""
    _, code = await socket.closed()
    return code, time.monotonic()
