"""`manage.py check --deploy` with the environment that docker-compose.yml gives."""

import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .image import ROOT
from .test_compose import COMPOSE

_ASKED_FOR = re.compile(r"\$\{(\w+):-([^}]*)\}")
# Django's own about TLS, which settings.py silences where no stranger comes.
ABOUT_TLS = ("security.W004", "security.W008", "security.W010", "security.W016")


def environment(folder: Path, dotenv: dict[str, str]) -> dict[str, str]:
    """A web process's, with an operator's .env; secrets and files are in `folder`."""
    web: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]["web1"]
    given = {
        name: _ASKED_FOR.sub(lambda found: dotenv.get(found[1]) or found[2], str(value))
        for name, value in web["environment"].items()
    }
    for name in [name for name in given if name.endswith("_FILE")]:
        file = folder / name
        file.write_text(secrets.token_urlsafe(48))
        given[name] = str(file)
    # The check asks the database too, and Compose's has a name that is known there.
    own = {"STATE_DIR": str(folder), "DATABASE_URL": ""}
    return {**given, **own, "PATH": str(Path(sys.executable).parent)}


def check(folder: Path, dotenv: dict[str, str], settings: str = "") -> str:
    """Nothing, or what is wrong."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"]
    more = {"DJANGO_SETTINGS_MODULE": settings} if settings else {}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(folder, dotenv) | more | {"PYTHONPATH": f"{ROOT}:{folder}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode == 0) == ("no issues" in done.stdout)
    return done.stderr


@pytest.mark.parametrize(
    "dotenv",
    [
        {},
        {"HUBBUB_HOST": "box.local"},
        {"HUBBUB_HOST": "192.168.1.20"},
        {"PUBLIC_URL": "https://chat.example.com"},
        {"PUBLIC_URL": "https://chat.example.com:8443", "HUBBUB_HOST": "example.org"},
    ],
    ids=str,
)
def test_a_server_behind_tls_has_no_warnings(
    tmp_path: Path, dotenv: dict[str, str]
) -> None:
    assert check(tmp_path, dotenv) == ""


@pytest.mark.parametrize(
    "dotenv",
    [
        {"HUBBUB_HOST": "chat.example.com"},
        {"PUBLIC_URL": "http://chat.example.com"},
    ],
    ids=str,
)
def test_strangers_without_tls_are_a_warning(
    tmp_path: Path, dotenv: dict[str, str]
) -> None:
    said = check(tmp_path, dotenv)
    assert "accounts.W001" in said
    assert "PUBLIC_URL" in said
    assert "identified 1 issue" in said


def test_with_tls_nothing_about_it_need_be_silenced(tmp_path: Path) -> None:
    """Else a setting that is forgotten would never be missed."""
    (tmp_path / "loud.py").write_text(
        "from backend.settings import *\n"
        "SILENCED_SYSTEM_CHECKS = [\n"
        f"    name for name in SILENCED_SYSTEM_CHECKS if name not in {ABOUT_TLS}\n"
        "]\n"
    )
    assert check(tmp_path, {"PUBLIC_URL": "https://chat.example.com"}, "loud") == ""
    said = check(tmp_path, {}, "loud")
    assert [name for name in ABOUT_TLS if name not in said] == []


@pytest.mark.parametrize(
    "url", ["chat.example.com", "https://chat.example.com/x", "https://a@b", "ftp://a"]
)
def test_a_public_url_that_is_none_stops_the_start(tmp_path: Path, url: str) -> None:
    assert "say https://chat.example.com" in check(tmp_path, {"PUBLIC_URL": url})
