"""The processes that decode: one for each picture, few at a time, none for long.

A new one each time, and not a pool: starting takes 30 ms, which is little beside the
decoding, and no picture finds a process that another one has been in.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from ..errors import Invalid, Refusal, TooLong, Unavailable

logger = logging.getLogger(__name__)

# Decoders at a time, and threads that wait for one. Each of them is one of the few
# that answer REST, so further pictures are refused at once.
DECODERS = 2
WAITING = 2
WAIT_SECONDS = 5.0
# 16 megapixels of the slowest format take 4 s, if nothing else needs the cores.
CPU_SECONDS = 10
SECONDS = 20
_PROGRAM = str(Path(__file__).with_name("decoder.py"))

_decoders = threading.BoundedSemaphore(DECODERS)
_line = threading.BoundedSemaphore(DECODERS + WAITING)
_lock = threading.Lock()
_running: set["subprocess.Popen[bytes]"] = set()
_stopped = threading.Event()


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


def run(
    orders: Mapping[str, object],
    source: IO[bytes],
    report: IO[bytes],
    kept: Sequence[int],
) -> None:
    """Decode, and return when the process has ended. Raises what a picture is refused
    with when the process did not end by itself; else the report says it.
    """
    process = _start(orders, source, report, kept)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise _Busy from None
    finally:
        _end(process)
    _check(process.returncode)


def stop() -> None:
    """At the end of the server: nobody waits for these pictures any more."""
    with _lock:
        _stopped.set()
        for process in _running:
            process.kill()


def _start(
    orders: Mapping[str, object],
    source: IO[bytes],
    report: IO[bytes],
    kept: Sequence[int],
) -> "subprocess.Popen[bytes]":
    limits = {"seconds": SECONDS, "cpu_seconds": CPU_SECONDS, "parent": os.getpid()}
    written = msgspec.json.encode({**orders, **limits}).decode()
    with _lock:
        if _stopped.is_set():
            raise _Busy
        try:
            process = subprocess.Popen(  # noqa: S603  (all of it is ours)
                # Isolated: no variable and no folder says what is imported.
                [sys.executable, "-I", "-B", "-W", "ignore", _PROGRAM, written],
                stdin=source,
                stdout=report,
                # What the decoders' libraries print is what somebody put into a file.
                stderr=subprocess.DEVNULL,
                # All other descriptors are closed: sockets and databases.
                pass_fds=kept,
                # The secrets are in the environment.
                env={},
                cwd="/",
            )
        except OSError as error:
            logger.warning("pictures: no decoder starts: %s", error.strerror)
            raise _Busy from None
        _running.add(process)
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    with _lock:
        _running.discard(process)
    process.kill()
    process.wait()


def _check(code: int) -> None:
    if code == -signal.SIGXCPU:
        raise TooLong("This picture takes too long to decode.")
    if code in {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGALRM}:
        # By `stop`, by the machine that has no memory left, by its own alarm.
        raise _Busy
    if code < 0:
        logger.warning("pictures: a decoder ended by signal %d", -code)
        raise unreadable()
    if code > 0:
        raise RuntimeError(f"the decoder of pictures does not work: it exits {code}")


def unreadable() -> Refusal:
    return Invalid(fields={"file": ["This is no picture that can be read."]})
