"""Removes a scratch directory when the process that made it is gone, however it ended.

This script runs in a process of its own and imports only the standard library. Its
standard input is a pipe whose other end only the test run holds, so end of file means
that the run is over, even after a SIGKILL.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

STOP_SECONDS = 5


def main(directory: Path) -> None:
    sys.stdin.read()
    _stop(directory / "server.pid")
    shutil.rmtree(directory, ignore_errors=True)


def _stop(pid_file: Path) -> None:
    """Stop the server that the file names. A run that ended in order left no file."""
    try:
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
