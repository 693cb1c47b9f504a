"""A server that tests may stop, kill and start again on the same port."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to run one server, and how to ask whether it answers."""

    command: Sequence[str]
    directory: Path
    is_ready: Callable[[], bool]
    account: tuple[int, int] | None = None

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def pid_file(self) -> Path:
        """Where `guard.py` looks for a server that outlived its test run."""
        return self.directory / "server.pid"


class Server:
    """One server at one URL. Without a program the tests did not start it."""

    def __init__(self, url: str, program: Program | None = None) -> None:
        self.url = url
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"No process of the tests' own serves {self.url}.")
        return self._process.pid

    def start(self) -> None:
        """Start the server and return once it answers."""
        program = self._own_program()
        if self._process is not None:
            raise RuntimeError(f"{self.url} is already being served.")
        self._process = _launch(program)
        program.pid_file.write_text(str(self.pid))
        deadline = time.monotonic() + START_SECONDS
        while not program.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Not ready: {self.url}\n{_tail(program.log)}")
            time.sleep(0.02)

    def stop(self, *, timeout_seconds: float = 10) -> None:
        """Ask the server to shut down at once, and kill it if it does not."""
        self._own_program()
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """End the server and its children the hard way, as a crash would."""
        self._own_program()
        if self._process is None:
            return
        family = _children(self._process)
        self._process.kill()
        self._process.wait()
        for child in family:
            _kill(child)
        psutil.wait_procs(family, timeout=START_SECONDS)
        self._forget()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _own_program(self) -> Program:
        if self._program is None:
            raise RuntimeError(f"{self.url} is not the tests' own to start or stop.")
        return self._program

    def _forget(self) -> None:
        self._process = None
        self._own_program().pid_file.unlink(missing_ok=True)


def _launch(program: Program) -> subprocess.Popen[bytes]:
    """Run the command in its own session, so that Ctrl-C ends the tests first."""
    user, group = program.account or (None, None)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.command,
            cwd=program.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )


def _children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        # It ended when its parent did.
        return


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
