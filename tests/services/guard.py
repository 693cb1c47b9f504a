"""Sweeps one scratch directory when the process that made it is gone, however it ended.

Runs as a script in a process of its own, and knows the standard library only. Its
standard input is a pipe whose other end nobody but the test run holds: end of file
means the run is over, even after a SIGKILL.
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
    """Stop the server named there; a run that ended in order left no such file."""
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
