"""The processes that decode: one for each picture, few at a time, none for long.

They are forked by a program that is started at the first picture (nursery.py). To start
a new process each time would hold up this one: Python keeps its lock until the new one
has begun, which took 60 to 130 ms on a busy machine, and 30 ms to import Pillow.
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

# Decoders at a time: two, but on one or two cores one, which leaves a core to the chat.
DECODERS = 2 if (os.cpu_count() or 1) > 2 else 1
# Threads that wait for a decoder. They are of the few that answer REST, so whatever
# comes beside them is refused at once.
WAITING = 2
WAIT_SECONDS = 5.0
# 16 megapixels of the slowest format take 4 s, if nothing else needs the cores.
CPU_SECONDS = 10
SECONDS = 20
# A report has three short fields.
_REPORT_BYTES = 1_000
_PROGRAM = str(Path(__file__).with_name("nursery.py"))
_DECODER = str(Path(__file__).with_name("decoder.py"))

_decoders = threading.BoundedSemaphore(DECODERS)
_line = threading.BoundedSemaphore(DECODERS + WAITING)
_lock = threading.Lock()
_stopped = threading.Event()
# The one in use, from the first picture on.
_nurseries: list["_Nursery"] = []


class _Busy(Unavailable):
    detail = "Too many pictures came at once to look at this one. Try again."

    def __init__(self) -> None:
        super().__init__(retry_after=WAIT_SECONDS)


@contextmanager
def turn() -> Iterator[None]:
    """While one of the decoders is ours. Raises Unavailable when none gets free."""
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
    """Have a picture decoded, and return the report. What it was refused with is in
    there, unless the decoder did not come so far: then that is raised.
    """
    with TemporaryFile() as sheet:
        sheet.write(msgspec.json.encode(orders))
        sheet.seek(0)
        _check(_ask(source.fileno(), sheet.fileno(), *kept))
        sheet.seek(0)
        return sheet.read(_REPORT_BYTES)


def stop() -> None:
    """At the end of the server: nobody waits for these pictures any more."""
    with _lock:
        _stopped.set()
        if _nurseries:
            _nurseries[-1].kill()


def _ask(*descriptors: int) -> int:
    """How the decoder ended. Raises Unavailable when nobody says."""
    near, far = os.pipe()
    try:
        try:
            _send(far, *descriptors)
        finally:
            # Now the far end is open in the process alone that watches the decoder.
            os.close(far)
        return _answer(near)
    finally:
        os.close(near)


def _send(*descriptors: int) -> None:
    with _lock:
        if _stopped.is_set():
            raise _Busy
        try:
            _nursery().send(*descriptors)
        except OSError as error:
            logger.warning("pictures: no decoder starts: %s", error.strerror)
            raise _Busy from None


def _nursery() -> "_Nursery":
    if _nurseries and (code := _nurseries[-1].exit_code()) is not None:
        logger.warning("pictures: the process that forks decoders ended: %d", code)
        _nurseries.pop().kill()
    if not _nurseries:
        _nurseries.append(_Nursery())
    return _nurseries[-1]


def _answer(near: int) -> int:
    poll = select.poll()
    poll.register(near, select.POLLIN)
    said = os.read(near, 4) if poll.poll((SECONDS + 5) * 1_000) else b""
    if len(said) < 4:
        raise _Busy
    (code,) = struct.unpack("i", said)
    return int(code)


class _Nursery:
    """nursery.py, which ends when our end of the socket is closed, however that is."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            # A session of its own: see `_go_last` there. And `kill` ends all of it.
            self._popen = subprocess.Popen(  # noqa: S603  (all of it is ours)
                # Isolated: no variable and no folder says what is imported.
                [sys.executable, "-I", "-B", "-W", "ignore", _PROGRAM, _DECODER],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                # What the decoders print is what somebody put into a picture.
                stderr=subprocess.DEVNULL,
                # The secrets are in the environment.
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
        """With all that it forked, which may still be there when it has ended."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._line.close()


def _check(code: int) -> None:
    if code == -signal.SIGXCPU:
        raise TooLong("This picture takes too long to decode.")
    if code == -signal.SIGKILL:
        # It had no more time, or the machine had no more memory.
        raise _Busy
    if code < 0:
        logger.warning("pictures: a decoder ended by signal %d", -code)
        raise unreadable()
    if code > 0:
        raise RuntimeError(f"the decoder of pictures does not work: it exits {code}")


def unreadable() -> Refusal:
    return Invalid(fields={"file": ["This is no picture that can be read."]})
