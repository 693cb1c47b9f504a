"""Runs the Dockerfile in a clean directory, as far as that goes without Docker.

Each stage becomes a folder: COPY copies, and of the RUNs those that call
`deploy/build.sh` are run. What the base images bring, this machine has to have.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 540
_Instruction = tuple[str, str]


@dataclass
class Stage:
    """A stage's files: `directory` stands for the image's root."""

    directory: Path
    workdir: str = "/"
    settings: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    user: str = "root"
    not_run: list[str] = field(default_factory=list)

    @property
    def files(self) -> frozenset[str]:
        paths = self.directory.rglob("*")
        return frozenset(str(path.relative_to(self.directory)) for path in paths)

    @property
    def home(self) -> Path:
        """The working directory, where it is on this machine."""
        return self.path(self.workdir)

    def path(self, inside: str) -> Path:
        """A path of the image, relative to the working directory or absolute."""
        return self.directory / (Path(self.workdir) / inside).relative_to("/")

    def environment(self) -> dict[str, str]:
        """The variables of ENV; `$PATH` is this machine's."""
        return {
            name: value.replace("$PATH", os.environ["PATH"]).replace(
                self.workdir, str(self.home)
            )
            for name, value in self.settings.items()
        }

    def words(self, command: list[str]) -> list[str]:
        """The entrypoint with a command, ready to be run on this machine."""
        return [str(self.path(self.entrypoint[0])), *self.entrypoint[1:], *command]

    def run(self, command: list[str], settings: dict[str, str]) -> str:
        """Run a command through the entrypoint to its end; what it printed."""
        done = subprocess.run(
            self.words(command),
            cwd=self.home,
            env=self.environment() | settings,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def build(directory: Path) -> Stage:
    """Build every stage, the independent ones at once; the last one."""
    context = directory / "context"
    _copy_context(context)
    stages = _stages((ROOT / "Dockerfile").read_text())
    *parts, (last, _) = stages
    with ThreadPoolExecutor() as pool:
        built: dict[str, Future[Stage]] = {
            name: pool.submit(
                _build, instructions, directory / name, {"context": context}
            )
            for name, instructions in parts
        }
        sources = {name: future.result().directory for name, future in built.items()}
    return _build(
        dict(stages)[last], directory / "image", {**sources, "context": context}
    )


def _stages(dockerfile: str) -> list[tuple[str, list[_Instruction]]]:
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    stages: list[tuple[str, list[_Instruction]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append((rest.partition(" AS ")[2], []))
        else:
            stages[-1][1].append((word, rest.strip()))
    return stages


def _build(
    instructions: list[_Instruction], directory: Path, sources: dict[str, Path]
) -> Stage:
    stage = Stage(directory)
    directory.mkdir()
    for word, rest in instructions:
        match word:
            case "WORKDIR":
                stage.workdir = rest
                stage.home.mkdir(parents=True)
            case "COPY":
                _copy(stage, shlex.split(rest), sources)
            case "RUN" if rest.startswith("deploy/build.sh"):
                _run(stage, shlex.split(rest))
            case "RUN":
                stage.not_run.append(rest)
            case "ENV":
                pairs = (pair.partition("=") for pair in shlex.split(rest))
                stage.settings.update({name: value for name, _, value in pairs})
            case "ENTRYPOINT":
                stage.entrypoint = json.loads(rest)
            case "CMD":
                stage.command = json.loads(rest)
            case "USER":
                stage.user = rest
            case "HEALTHCHECK":
                stage.healthcheck = json.loads(rest.partition(" CMD ")[2])
            case "EXPOSE":
                pass
            case _:
                raise AssertionError(f"These tests do not know {word}.")
    return stage


def _copy(stage: Stage, words: list[str], sources: dict[str, Path]) -> None:
    origin = "context"
    if words[0].startswith("--from="):
        origin = words.pop(0).removeprefix("--from=")
    *wanted, target = words
    for name in wanted:
        source = sources[origin] / name.lstrip("/")
        assert source.exists(), f"COPY {name}: there is no such thing in {origin}"
        if source.is_dir():
            # Linked, not copied: of thousands of files none is changed afterwards.
            shutil.copytree(
                source, stage.path(target), symlinks=True, copy_function=os.link
            )
        else:
            stage.path(target).mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, stage.path(target))


# Where programs are, and how this machine reaches the package registries: through a
# proxy, or one whose certificates the machine alone knows.
_KEPT = (
    "PATH",
    "HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


def _run(stage: Stage, words: list[str]) -> None:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(
        words,
        cwd=stage.home,
        env={**kept, "PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )
    assert done.returncode == 0, f"{shlex.join(words)}:\n{done.stdout}{done.stderr}"


def _copy_context(target: Path) -> None:
    """Copy what .dockerignore lets through. It names no exception inside an ignored
    folder, so that such a folder need not be looked into."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if not _ignored(here / name, rules)]
        (target / here).mkdir()
        for name in files:
            if not _ignored(here / name, rules):
                shutil.copy2(ROOT / here / name, target / here / name)


def _ignored(path: Path, rules: list[str]) -> bool:
    """Docker's rule: the last pattern that matches the path or a parent decides."""
    ignored = False
    for rule in rules:
        pattern = re.escape(rule.removeprefix("!"))
        pattern = pattern.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(pattern, str(p)) for p in (path, *path.parents)):
            ignored = not rule.startswith("!")
    return ignored
