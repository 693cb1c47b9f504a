"""A fork server: the program from which each decoder is forked. process.py starts it.

It has one thread, has loaded Pillow and never decodes anything itself. So a fork of it
is ready in a millisecond and holds nothing of another picture. It has an empty
environment, and imports nothing of Hubbub's but decoder.py, by its path.

Standard input is a socket. Each byte of it asks for a decoder, and comes with
descriptors: of a pipe for the answer, of the picture, of the sheet (the orders, later
the report), and of the files to be written.
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

# The answer, the picture, the sheet, and two files to be written.
_DESCRIPTORS = 5
_NICENESS = 10
# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1

Decode = Callable[..., dict[str, object]]


def main() -> None:
    _lower_priority()
    # The kernel then removes children that have ended, without a wait for each.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    decode: Decode = runpy.run_path(sys.argv[1])["decode"]
    with socket.socket(fileno=0) as asked:
        while True:
            byte, descriptors, _, _ = socket.recv_fds(asked, 1, _DESCRIPTORS)
            if not byte:
                # Hubbub's process has ended. The forks end with this one.
                return
            # Without a new process the pipe is closed below with no answer in it.
            with suppress(BlockingIOError):
                if _fork() == 0:
                    asked.close()
                    _watch(decode, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)


def _lower_priority() -> None:
    """Let everything else on the machine go before the decoders.

    Where Linux shares the cores among sessions (autogroup), a process is nice within
    its own session alone. This program is a session of its own, and lowers it whole.
    """
    os.nice(_NICENESS)
    with suppress(OSError), open("/proc/self/autogroup", "w") as file:
        file.write(str(_NICENESS))


def _fork() -> int:
    """Like os.fork, but Linux ends the child with this process.

    Elsewhere the alarm ends it, later. Raises BlockingIOError when the machine has no
    process left.
    """
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have ended before that call.
        if os.getppid() != parent:
            os._exit(1)
    return child


def _watch(decode: Decode, answer: int, source: int, sheet: int, *kept: int) -> None:
    """Fork the decoder, wait for its end, and answer with its exit code."""
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
    # From outside, so that it works whatever the decoder does.
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
        # A picture's faults are in the report, so this fault is ours.
        os._exit(1)
    os._exit(0)


def _confine(*, cpu_seconds: int, memory_bytes: int, content_bytes: int) -> None:
    """Give up what a hostile picture could abuse."""
    # The kernel sends SIGXCPU, by which process.py knows the reason, then SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    _limit(resource.RLIMIT_FSIZE, content_bytes)
    # A core dump would hold somebody's picture.
    _limit(resource.RLIMIT_CORE, 0)
    # macOS may refuse this; the limit on pixels alone then bounds the memory.
    with suppress(ValueError, OSError):
        _limit(resource.RLIMIT_AS, memory_bytes)
    # When a container or the machine has no memory left, Linux ends this process first.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
