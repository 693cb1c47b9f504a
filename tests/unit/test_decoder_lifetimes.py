"""Decoders wait for their turn, and end with the server."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from textwrap import indent

import psutil
import pytest

from core.errors import Unavailable
from core.files.pictures import made_anew, process
from tests.pictures import png

# fork_server.py loads and calls this, in the process that it forked and confined.
HEAD = """
import fcntl, os, signal, sys, time

def decode(picture, kept, **orders):
"""

Plant = Callable[[str], None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Have another function decode; what is planted is its body."""
    path = tmp_path / "planted.py"
    monkeypatch.setattr(process, "_DECODER", str(path))
    servers: list[process._ForkServer] = []
    monkeypatch.setattr(process, "_servers", servers)
    yield lambda body: planted(path, body)
    for server in servers:
        server.kill()


def planted(path: Path, body: str) -> None:
    path.write_text(HEAD + indent(body, "    "))


def decode(content: bytes | None = None) -> bytes:
    with made_anew(io.BytesIO(content or png()), "image/png") as found:
        return bytes(found.content.read())


def decoders() -> list[psutil.Process]:
    """Those that watch them too."""
    [server] = process._servers
    return psutil.Process(server.pid).children(recursive=True)


def test_more_pictures_than_decoders_wait_for_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "WAIT_SECONDS", 0.1)
    with ExitStack() as busy:
        for _ in range(process.DECODERS):
            busy.enter_context(process.turn())
        with pytest.raises(Unavailable) as refused:
            decode()
    assert refused.value.retry_after == 0.1
    decode()


def test_a_picture_is_refused_at_once_when_too_many_wait() -> None:
    """A thread that waits answers nothing else."""
    waiting = [threading.Thread(target=decode) for _ in range(process.WAITING)]
    with ExitStack() as busy:
        for _ in range(process.DECODERS):
            busy.enter_context(process.turn())
        for thread in waiting:
            thread.start()
        until(lambda: process._line._value == 0)
        with pytest.raises(Unavailable):
            decode()
        assert all(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join()
    decode()


def test_decoders_end_with_the_server_that_stops(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_stopped", threading.Event())
    plant("time.sleep(600)")
    refused: list[Unavailable] = []

    def upload() -> None:
        try:
            decode()
        except Unavailable as refusal:
            refused.append(refusal)

    thread = threading.Thread(target=upload)
    thread.start()
    until(lambda: len(process._servers) == 1 and len(decoders()) == 2)
    family = decoders()
    process.stop()
    thread.join()
    until(lambda: not any(is_alive(one) for one in family))
    assert len(refused) == 1
    with pytest.raises(Unavailable):
        decode()


def test_no_decoder_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    path, number = tmp_path / "planted.py", tmp_path / "pid"
    planted(path, f"open({str(number)!r}, 'w').write(str(os.getpid()))\ntime.sleep(99)")
    parent = f"""
import django, io
django.setup()
from core.files.pictures import made_anew, process
process._DECODER = {str(path)!r}
with made_anew(io.BytesIO(b"x"), "image/png"):
    pass
"""
    environment = {
        "PATH": os.environ["PATH"],
        "DEBUG": "on",
        "DJANGO_SETTINGS_MODULE": "backend.settings",
        "STATE_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, env=environment) as server:
        until(lambda: number.exists() and number.read_text() != "")
        family = psutil.Process(server.pid).children(recursive=True)
        # The one that forks, the one that watches, the one that decodes.
        assert len(family) == 3
        server.send_signal(signal.SIGKILL)
    # Long before the alarm, which would end them anyway.
    until(lambda: not any(is_alive(one) for one in family), seconds=10)


def is_alive(one: psutil.Process) -> bool:
    """In a container there may be nobody to bury it."""
    try:
        return one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
