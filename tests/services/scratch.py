"""Directories that are removed after a test run, and ports that stay free meanwhile."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")


@contextmanager
def scratch_directory(
    prefix: str, *, parent: Path | None = None, owner: tuple[int, int] | None = None
) -> Iterator[Path]:
    """Yield a new directory; a guard process removes it, even after a SIGKILL."""
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    guard = _start_guard(directory)
    try:
        if owner:
            os.chown(directory, *owner)
        yield directory
    finally:
        # End of file is the guard's signal; its exit means the directory is gone.
        guard.communicate()


def _start_guard(directory: Path) -> subprocess.Popen[bytes]:
    """Start the guard in a session of its own, where Ctrl-C does not reach it."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def free_port() -> int:
    """Return a free port below the range that the kernel gives to clients.

    Within that range, a client that retries the port of a stopped server can connect to
    itself, and then the server cannot come back.
    """
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No free port between 20000 and 32000 on 127.0.0.1.")
