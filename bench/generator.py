"""Builds and runs wsload, the load generator in C (bench/wsload/wsload.c).

One in Python takes 5 µs of CPU for each delivery, about as much as the server.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from bench.dialects import DIALECTS
from bench.people import Person
from bench.target import Target

Figures = dict[str, float]

_SOURCES = Path(__file__).with_name("wsload")
_PROGRAM = Path(__file__).parent.parent / ".cache" / "wsload"


class Load(msgspec.Struct, frozen=True):
    """The work of wsload; the first `publishers` of its connections write.

    With `window` it is a closed loop, else `rate` messages a second are due. `polls`
    means that the generator never sleeps, so that no server pays for waking it.
    """

    connections: int
    rooms: int = 1
    publishers: int = 0
    window: int = 0
    rate: float = 0
    seconds: float = 3
    warm_up: float = 1
    at_once: int = 100
    grace: float = 2
    polls: bool = False


def run_load(target: Target, people: Sequence[Person], load: Load) -> Figures:
    """Open the connections, load the server and return what wsload measured.

    `people` are only for a Hubbub, which is the only server that asks for a token.
    """
    with started_load(target, people, load) as running:
        return finished_load(running)


def started_load(
    target: Target, people: Sequence[Person], load: Load
) -> "subprocess.Popen[bytes]":
    with tempfile.TemporaryDirectory(prefix="hubbub-load-") as folder:
        command = _command(target, people, load, Path(folder))
        running = subprocess.Popen(command, stdout=subprocess.PIPE)
        # wsload reads its files before it opens its first connection.
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n", "wsload did not start"
    return running


def finished_load(running: "subprocess.Popen[bytes]") -> Figures:
    out, _ = running.communicate()
    if running.returncode:
        sys.exit(f"wsload failed: {running.returncode}")
    figures: Figures = msgspec.json.decode(out)
    return figures


def _command(
    target: Target, people: Sequence[Person], load: Load, folder: Path
) -> list[str]:
    dialect = DIALECTS[target.name]()
    script, tokens = folder / "script", folder / "tokens"
    script.write_text("".join(f"{line}\n" for line in dialect.script))
    lines = (f"{one.token}\t{one.column}\t{one.room}\n" for one in people)
    tokens.write_text("".join(lines))
    flags = {
        "-p": target.port,
        "-u": dialect.path,
        "-s": script,
        "-T": tokens,
        "-k": ",".join(map(str, target.pids)),
        "-n": load.connections,
        "-R": load.rooms,
        "-c": load.at_once,
        "-w": load.warm_up,
        "-d": load.seconds,
        "-g": load.grace,
    }
    if load.publishers:
        flags |= {"-m": dialect.message, "-P": load.publishers}
        flags |= {"-W": load.window} if load.window else {"-r": load.rate}
    words = [str(word) for flag in flags.items() for word in flag]
    return [str(program()), *words, *(["-b"] if load.polls else [])]


@cache
def program() -> Path:
    """The path of wsload, compiled anew when a source is newer."""
    sources = sorted(_SOURCES.glob("*.c"))
    newest = max(path.stat().st_mtime for path in _SOURCES.iterdir())
    if not _PROGRAM.exists() or _PROGRAM.stat().st_mtime < newest:
        _PROGRAM.parent.mkdir(exist_ok=True)
        command = ["cc", "-O2", "-o", str(_PROGRAM), *map(str, sources), "-lm"]
        subprocess.run(command, check=True)
    return _PROGRAM
