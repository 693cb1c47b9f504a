"""The program from which each decoder is forked; process.py starts it and asks it.

It has one thread, has loaded Pillow, and never decodes anything itself: a fork of it is
ready in a millisecond and finds nothing that another picture left. It has none of
Hubbub's environment, and imports nothing of Hubbub's but decoder.py, by its path.

Standard input is a socket. Each byte of it asks for a decoder, and brings descriptors:
one for the answer, the picture, the sheet (orders, then the report), and what is kept.
"""

import ctypes
import json
import os
import resource
import runpy
import signal
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

# The answer, the picture, the sheet, and two files that are kept.
_DESCRIPTORS = 5
_NICENESS = 10
# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1

Decode = Callable[..., dict[str, object]]


def main() -> None:
    _go_last()
    # A decoder that ended is not waited for here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    decode: Decode = runpy.run_path(sys.argv[1])["decode"]
    with socket.socket(fileno=0) as asked:
        while True:
            byte, descriptors, _, _ = socket.recv_fds(asked, 1, _DESCRIPTORS)
            if not byte:
                # The server has ended. Those who are forked end with this process.
                return
            # Without a process the answer is closed unsaid, below.
            with suppress(BlockingIOError):
                if _fork() == 0:
                    asked.close()
                    _watch(decode, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def _go_last() -> None:
    """Whatever the chat does for others goes before the decoders.

    Where Linux shares the cores among sessions, a nice process is nice to its own
    session alone, which may not be PostgreSQL's: this is a session of its own, and as
    a whole it is nice.
    """
    os.nice(_NICENESS)
    with suppress(OSError), open("/proc/self/autogroup", "w") as file:
        file.write(str(_NICENESS))


def _fork() -> int:
    """0 in the child. Linux ends it with this process; elsewhere the alarm does, later.

    Raises BlockingIOError when the machine has no process left.
    """
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # It may have ended before that.
        if os.getppid() != parent:
            os._exit(1)
    return child


def _watch(decode: Decode, answer: int, source: int, sheet: int, *kept: int) -> None:
    """Fork the decoder, and answer how it ended. For as long as one picture takes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with open(sheet, "r+b") as paper:
        orders = json.load(paper)
        limits = orders.pop("limits")
        seconds = limits.pop("seconds")
        decoder = _fork()
        if decoder == 0:
            os.close(answer)
            _confine(**limits)
            _work(decode, orders, source, paper, kept)
    # From outside, whatever the decoder is at.
    signal.signal(signal.SIGALRM, lambda *_: os.kill(decoder, signal.SIGKILL))
    signal.alarm(seconds)
    _, status = os.waitpid(decoder, 0)
    os.write(answer, struct.pack("i", os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _work(
    decode: Decode,
    orders: dict[str, Any],
    source: int,
    paper: IO[bytes],
    kept: tuple[int, ...],
) -> None:
    try:
        with open(source, "rb") as picture:
            report = decode(picture, kept, **orders)
        paper.seek(0)
        paper.truncate()
        paper.write(json.dumps(report).encode())
        paper.flush()
    except BaseException:
        # The picture's own mistakes are in the report: this one is ours.
        os._exit(1)
    os._exit(0)


def _confine(*, cpu_seconds: int, memory_bytes: int, content_bytes: int) -> None:
    """Give up what a picture could abuse."""
    # The kernel sends SIGXCPU, which tells what it was, and a second later SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    _limit(resource.RLIMIT_FSIZE, content_bytes)
    # A core dump would hold somebody's picture.
    _limit(resource.RLIMIT_CORE, 0)
    # macOS may refuse it: memory is then bounded by the limit on pixels alone.
    with suppress(ValueError, OSError):
        _limit(resource.RLIMIT_AS, memory_bytes)
    # When a container or the machine has no memory left, Linux ends this process first.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
