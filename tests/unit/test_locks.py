"""Every package comes from a lock that holds its hash, and nothing installs past it."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLERS = ["scripts/setup", "scripts/build-page", "deploy/build.sh", "Dockerfile"]
INSTALLERS += ["tests/services/npm.py", ".github/workflows/ci.yml", "Makefile"]


def test_python_packages_have_hashes() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    ours = [package["name"] for package in packages if "virtual" in package["source"]]
    assert ours == ["hubbub"]
    for package in packages:
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        assert files or package["name"] in ours
        assert all(file["hash"].startswith("sha256:") for file in files), package


@pytest.mark.parametrize("tree", ["frontend", "tests/services"])
def test_npm_packages_have_hashes(tree: str) -> None:
    lock = json.loads((ROOT / tree / "package-lock.json").read_text())
    fetched = {
        name: package
        for name, package in lock["packages"].items()
        if "node_modules/" in name and not package.get("link")
    }
    assert fetched
    for name, package in fetched.items():
        assert package["integrity"].startswith("sha512-"), name
        # Where it comes from is the registry's matter, npm's own unless configured.
        assert "resolved" not in package, name


@pytest.mark.parametrize("file", INSTALLERS)
def test_nothing_is_installed_past_a_lock(file: str) -> None:
    text = (ROOT / file).read_text().replace("\\\n", " ")
    assert not re.findall(r"npm[\"', ]+(?:install|i|update)\b", text)
    assert all("--locked" in line for line in re.findall(r"uv sync.*", text))
    # uv itself, in the version that the lock names.
    installed = re.findall(r"pip install(?: +--\S+)* +(.*)", text)
    assert all(re.match(r'"(uv==\S+|\$uv)"', line) for line in installed)
