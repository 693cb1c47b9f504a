"""The Dockerfile's steps, run in a clean directory."""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.services.scratch import free_port, scratch_directory

from .conftest import Web
from .image import ROOT, Stage

# The first test to ask for the image waits for npm and uv.
pytestmark = pytest.mark.timeout(600)


def test_it_holds_the_page_and_the_server_and_no_tools(image: Stage) -> None:
    page = image.home / "frontend" / "apps" / "web" / "dist"
    assert (page / "index.html").is_file()
    assert list((page / "assets").glob("*.js"))
    installed = {path.name for path in image.home.glob(".venv/lib/*/site-packages/*")}
    assert {"django", "uvicorn", "psycopg"} <= installed
    assert not {"pytest", "mypy", "playwright"} & installed
    assert sorted(path.name for path in image.home.iterdir()) == [
        ".venv",
        "accounts",
        "api",
        "backend",
        "chat",
        "core",
        "deploy",
        "frontend",
        "manage.py",
        "realtime",
    ]


def test_the_image_runs_as_a_user_without_rights(image: Stage) -> None:
    """The one step that these tests leave out makes that user and its folder."""
    assert image.user == "hubbub"
    [made] = image.not_run
    assert made.startswith("useradd ")
    assert "--uid 10001" in made


def test_secrets_are_made_once(image: Stage, tmp_path: Path) -> None:
    first = image.run(["deploy/make-secrets.sh", str(tmp_path)], {})
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert sorted(made) == ["jwt_signing_key", "postgres_password", "secret_key"]
    assert all(len(secret) == 64 for secret in made.values())
    assert len(set(made.values())) == 3
    (tmp_path / "secret_key").unlink()
    second = image.run(["deploy/make-secrets.sh", str(tmp_path)], {})
    assert second == "Made secret_key.\n"
    again = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert again["secret_key"] != made["secret_key"]
    assert again | {"secret_key": ""} == made | {"secret_key": ""}
    assert not any(
        secret in first + second for secret in (*made.values(), *again.values())
    )


def test_nobody_else_can_read_the_secrets(image: Stage, tmp_path: Path) -> None:
    image.run(["deploy/make-secrets.sh", str(tmp_path)], {})
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()
    }
    assert modes == {
        "jwt_signing_key": 0o400,
        "postgres_password": 0o440,
        "secret_key": 0o400,
    }


def test_the_secrets_are_their_readers_without_root() -> None:
    """As compose runs it: the image's user, in the group of postgres's own."""
    with scratch_directory("hubbub-secrets-") as directory:
        mine = {"user": 10_001, "group": 70, "extra_groups": []}
        postgres = {"user": 70, "group": 70, "extra_groups": []}
        if os.getuid() == 0:
            directory.chmod(0o755)
            os.chown(directory, 10_001, 10_001)
        else:
            # Only root can become somebody else: then all of it is one user's.
            mine = postgres = {}
        script = (ROOT / "deploy" / "make-secrets.sh").read_text()
        _shell(script, str(directory), **mine)
        for name in ("secret_key", "jwt_signing_key", "postgres_password"):
            assert len(_shell(f"cat {directory}/{name}", **mine)) == 64
        assert len(_shell(f"cat {directory}/postgres_password", **postgres)) == 64
        if postgres:
            for name in ("secret_key", "jwt_signing_key"):
                with pytest.raises(subprocess.CalledProcessError):
                    _shell(f"cat {directory}/{name}", **postgres)


def _shell(script: str, *arguments: str, **whose: Any) -> str:
    done = subprocess.run(
        ["/bin/sh", "-s", *arguments],
        input=script,
        capture_output=True,
        text=True,
        check=True,
        **whose,
    )
    return str(done.stdout)


def test_uploads_that_a_killed_process_left_are_removed(
    image: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "tmp"
    image.run(["true"], {"TMPDIR": str(folder)})
    old, new = folder / "old", folder / "new"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    image.run(["true"], {"TMPDIR": str(folder)})
    assert list(folder.iterdir()) == [new]


def test_without_secrets_it_says_what_is_missing(image: Stage) -> None:
    with pytest.raises(AssertionError, match="SECRET_KEY is not set"):
        image.run(["python", "manage.py", "check"], {})


def test_the_health_check_tells_a_process_that_answers_from_one_that_does_not(
    image: Stage, two: tuple[Web, Web]
) -> None:
    for port, healthy in ((two[0].port, True), (free_port(), False)):
        command = [word.replace("8000", str(port)) for word in image.healthcheck]
        done = subprocess.run(
            command, env=image.environment(), capture_output=True, timeout=10
        )
        assert (done.returncode == 0) == healthy


def test_serving_writes_nothing_into_it(
    image: Stage, files: frozenset[str], two: tuple[Web, Web]
) -> None:
    """It is read-only in compose: what would be written there is missing or slow."""
    assert image.files == files
