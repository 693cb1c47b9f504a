"""docker-compose.yml: what must hold in it, and that it fits the other files."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from .image import ROOT
from .nginx import TEMPLATE, VARIABLE

COMPOSE = ROOT / "docker-compose.yml"
ONE_SHOTS = {"secrets", "migrate"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def test_docker_compose_accepts_it() -> None:
    """By its own parser where the plugin is installed, by YAML's everywhere."""
    assert yaml.safe_load(COMPOSE.read_text())["name"] == "hubbub"
    docker = shutil.which("docker")
    if docker is None or not _runs([docker, "compose", "version"]):
        return
    assert _runs([docker, "compose", "--file", str(COMPOSE), "config", "--quiet"])


def test_the_proxy_alone_is_published(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == [
        "proxy"
    ]
    reachable = {
        name for name, s in services.items() if "front" in s.get("networks", [])
    }
    assert reachable == {"proxy", "web1", "web2"}


def test_each_container_waits_for_those_that_it_needs(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            expected = (
                "service_completed_successfully"
                if other in ONE_SHOTS
                else "service_healthy"
            )
            assert how == {"condition": expected}, (name, other)
    for web in ("web1", "web2"):
        assert set(services[web]["depends_on"]) == {*ONE_SHOTS, "postgres", "redis"}


def test_a_container_restarts_and_stops_in_order(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")
        assert ("stop_grace_period" in service) != (name in ONE_SHOTS)


def test_no_secret_is_written_in_it(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|KEY", variable)
            allowed = variable.endswith("_FILE") or str(value).startswith("${")
            assert not secret or allowed, (name, variable)
    writers = [
        name
        for name, s in services.items()
        if "secrets:/secrets" in s.get("volumes", [])
    ]
    assert writers == ["secrets"]


def test_no_container_has_root_or_capabilities_or_files_to_write(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert re.fullmatch("[1-9][0-9]*:[1-9][0-9]*", service["user"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"cap_add", "privileged", "devices", "pid", "ipc"} & set(service)


def test_every_container_has_an_end_to_what_it_takes(services: dict[str, Any]) -> None:
    for name, service in services.items():
        memory = _mebibytes(service["mem_limit"])
        assert 1 <= service["pids_limit"] <= 256, name
        sizes = [re.fullmatch("/[^:]+:size=(.+)", one) for one in service["tmpfs"]]
        # A tmpfs is in the memory of its container.
        assert sum(_mebibytes(size[1]) for size in sizes if size) <= memory / 4, name
        assert all(sizes), name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_uploads_arrive_on_a_volume(services: dict[str, Any]) -> None:
    for web in ("web1", "web2"):
        folder = services[web]["environment"]["TMPDIR"]
        assert "files:/state" in services[web]["volumes"]
        assert folder.startswith("/state/")


def test_the_proxy_is_given_what_its_template_names(services: dict[str, Any]) -> None:
    proxy = services["proxy"]
    given = {name for name in proxy["environment"] if name.startswith("HUBBUB_")}
    assert given == set(VARIABLE.findall(TEMPLATE.read_text()))
    [mount] = proxy["volumes"]
    assert (ROOT / mount.split(":")[0]).samefile(TEMPLATE)


def test_the_documentation_names_every_variable(services: dict[str, Any]) -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    sources = [path.read_text() for path in (ROOT / "backend").glob("*.py")]
    read = re.findall(r'env_\w+\(\s*"(\w+[^_\W])"', "\n".join(sources))
    assert "DATABASE_URL" in read
    asked_for = re.findall(r"\$\{(\w+):-", COMPOSE.read_text())
    named = {*read, *asked_for, *services["web1"]["environment"]}
    named -= {f"{name}_FILE" for name in named}
    assert [name for name in sorted(named) if f"`{name}`" not in documented] == []


def _mebibytes(size: str) -> int:
    units = {"m": 1, "g": 1024}
    return int(size[:-1]) * units[size[-1]]


def _runs(command: list[str]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0
