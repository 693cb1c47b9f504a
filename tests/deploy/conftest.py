"""The services of compose without containers: image, secrets, two web processes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests

from tests.services import Server, postgres, redis
from tests.services.scratch import free_port, scratch_directory
from tests.services.server import Program

from .image import Stage, build
from .nginx import Proxy, proxying


@dataclass(frozen=True)
class Web:
    """One web process. Its log has everything that it printed."""

    port: int
    server: Server
    log: Path


@pytest.fixture(scope="session")
def image() -> Iterator[Stage]:
    """Half a gigabyte, so it goes with the test run."""
    with scratch_directory("hubbub-image-") as directory:
        yield build(directory)


@pytest.fixture(scope="session")
def files(image: Stage) -> frozenset[str]:
    """The files of the image before anything of it has run."""
    return image.files


@pytest.fixture(scope="session")
def secrets(
    image: Stage, files: frozenset[str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    directory = tmp_path_factory.mktemp("secrets")
    image.run(["deploy/make-secrets.sh", str(directory)], {})
    return directory


@pytest.fixture(scope="package")
def settings(secrets: Path) -> Iterator[dict[str, str]]:
    """The environment of compose's web processes, with this machine's addresses."""
    with postgres() as postgres_url, redis() as redis_server:
        parts = urlsplit(postgres_url)
        without_password = parts._replace(
            netloc=parts.netloc.replace(f":{parts.password}@", "@")
        )
        # The cluster has a password already: it stands in for the one just made.
        password = secrets / "postgres_password"
        password.chmod(0o600)
        password.write_text(parts.password or "")
        yield {
            "DATABASE_URL": urlunsplit(without_password),
            "DATABASE_PASSWORD_FILE": str(password),
            "REDIS_URL": redis_server.url,
            "SECRET_KEY_FILE": str(secrets / "secret_key"),
            "JWT_SIGNING_KEY_FILE": str(secrets / "jwt_signing_key"),
            "ALLOWED_HOSTS": "localhost,127.0.0.1,",
            "ALLOWED_ORIGINS": "",
            "TRUSTED_PROXIES": "*",
        }


@pytest.fixture(scope="package")
def two(
    image: Stage, files: frozenset[str], settings: dict[str, str]
) -> Iterator[tuple[Web, Web]]:
    image.run(["python", "manage.py", "migrate", "--noinput"], settings)
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(_serving(image, settings)) for _ in range(2)
        )
        yield first, second


@pytest.fixture(scope="package")
def proxy(two: tuple[Web, Web]) -> Iterator[Proxy]:
    with proxying(two[0].port, two[1].port) as proxy:
        yield proxy


@contextmanager
def _serving(image: Stage, settings: dict[str, str]) -> Iterator[Web]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = image.environment() | settings
    with scratch_directory("hubbub-web-") as directory:
        program = Program(
            command=[
                *("env", "-i", "-C", str(image.home)),
                *(f"{name}={value}" for name, value in variables.items()),
                *image.words([*image.command[:-1], str(port)]),
            ],
            directory=directory,
            is_ready=lambda: _answers(f"{url}/readyz"),
        )
        server = Server(url, program)
        try:
            server.start()
            yield Web(port, server, program.log)
        finally:
            server.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
