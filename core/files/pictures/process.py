"""The processes that decode pictures: one for each, few at a time, none for long.

A program that is started at the first picture forks them (fork_server.py). Starting a
new process for each picture would block this one: Python keeps its lock until the new
process has begun, which took 60 to 130 ms on a busy machine. Importing Pillow took
another 30 ms.
"""

import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec

from ...errors import Invalid, Refusal, TooLong, Unavailable

logger = logging.getLogger(__name__)

# Decoders at a time. On one or two cores it is one, which leaves a core to the chat.
DECODERS = 2 if (os.cpu_count() or 1) > 2 else 1
# How many threads may wait for a decoder. REST has few threads, so further pictures are
# refused at once.
WAITING = 2
WAIT_SECONDS = 5.0
# 16 megapixels of the slowest format take 4 s when nothing else needs the cores.
CPU_SECONDS = 10
SECONDS = 20
# A report has three short fields.
_REPORT_BYTES = 1_000
_PROGRAM = str(Path(__file__).with_name("fork_server.py"))
_DECODER = str(Path(__file__).with_name("decoder.py"))

_decoders = threading.BoundedSemaphore(DECODERS)
_line = threading.BoundedSemaphore(DECODERS + WAITING)
_lock = threading.Lock()
_stopped = threading.Event()
# Empty until the first picture; then the one that is in use.
_servers: list["_ForkServer"] = []


class _Busy(Unavailable):
    detail = "Too many pictures came at once to look at this one. Try again."

    def __init__(self) -> None:
        super().__init__(retry_after=WAIT_SECONDS)


@contextmanager
def turn() -> Iterator[None]:
    """Holds one of the decoders. Raises Unavailable when none becomes free."""
    if not _line.acquire(blocking=False):
        raise _Busy
    try:
        if not _decoders.acquire(timeout=WAIT_SECONDS):
            raise _Busy
        try:
            yield
        finally:
            _decoders.release()
    finally:
        _line.release()


def run(orders: Mapping[str, object], source: IO[bytes], *kept: int) -> bytes:
    """Have a picture decoded, and return the report, which may hold a refusal.

    Raises a Refusal when the decoder did not come as far as a report.
    """
    with TemporaryFile() as sheet:
        sheet.write(msgspec.json.encode(orders))
        sheet.seek(0)
        _check(_ask(source.fileno(), sheet.fileno(), *kept))
        sheet.seek(0)
        return sheet.read(_REPORT_BYTES)


def stop() -> None:
    """Call it when the server ends: nobody waits for these pictures any more."""
    with _lock:
        _stopped.set()
        if _servers:
            _servers[-1].kill()


def _ask(*descriptors: int) -> int:
    """The exit code of the decoder. Raises Unavailable when no answer comes."""
    near, far = os.pipe()
    with open(near, "rb", buffering=0) as pipe:
        # Closed at once, so that only the process that watches the decoder has it.
        with open(far, "wb", buffering=0):
            _send(far, *descriptors)
        poll = select.poll()
        poll.register(near, select.POLLIN)
        answer = pipe.read(4) if poll.poll((SECONDS + 5) * 1_000) else b""
    if len(answer) < 4:
        raise _Busy
    (code,) = struct.unpack("i", answer)
    return int(code)


def _send(*descriptors: int) -> None:
    with _lock:
        if _stopped.is_set():
            raise _Busy
        try:
            _fork_server().send(*descriptors)
        except OSError as error:
            logger.warning("pictures: no decoder starts: %s", error.strerror)
            raise _Busy from None


def _fork_server() -> "_ForkServer":
    """The one in use, or a new one when there is none or it has ended."""
    if _servers and (code := _servers[-1].exit_code()) is not None:
        logger.warning("pictures: the process that forks decoders ended: %d", code)
        _servers.pop().kill()
    if not _servers:
        _servers.append(_ForkServer())
    return _servers[-1]


class _ForkServer:
    """fork_server.py as a process. It ends when our end of its socket is closed."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            # A session of its own, for `_lower_priority` there and for `kill` here.
            self._popen = subprocess.Popen(  # noqa: S603  (all of it is ours)
                # Isolated, so that no variable or folder changes what is imported.
                [sys.executable, "-I", "-B", "-W", "ignore", _PROGRAM, _DECODER],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                # A picture may make a decoder print anything.
                stderr=subprocess.DEVNULL,
                # Our own environment holds the secrets.
                env={},
                cwd="/",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        return self._popen.poll()

    def send(self, *descriptors: int) -> None:
        socket.send_fds(self._line, [b"\0"], descriptors)

    def kill(self) -> None:
        """End it with all its forks, some of which may have outlived it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._line.close()


def _check(code: int) -> None:
    if code == -signal.SIGXCPU:
        raise TooLong("This picture takes too long to decode.")
    if code == -signal.SIGKILL:
        # Its time was up, or the machine had no memory left.
        raise _Busy
    if code < 0:
        logger.warning("pictures: a decoder ended by signal %d", -code)
        raise unreadable()
    if code > 0:
        raise RuntimeError(f"the decoder of pictures does not work: it exits {code}")


def unreadable() -> Refusal:
    return Invalid(fields={"file": ["This is no picture that can be read."]})
