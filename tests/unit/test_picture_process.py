"""A decoder that goes wrong in any way: this process goes on, and answers.

No picture is known that does to today's decoders what these tests want, so planted
programs do it in their stead, behind the decoder's own limits.
"""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from chat import pictures
from chat.errors import Invalid, TooLong, Unavailable
from chat.limits import LIMITS
from chat.pictures import made_anew, process
from tests.pictures import picture, png

DECODER = Path(process.__file__).with_name("decoder.py")
# The real decoder's confinement, then what is planted. `orders` is what it was given.
CONFINED = f"""
import json, os, runpy, signal, sys, time
decoder = runpy.run_path({str(DECODER)!r})
orders = decoder["Orders"](**json.loads(sys.argv[1]))
decoder["confine"](orders)
"""

Plant = Callable[[str], None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Have another program decode."""

    def plant(program: str) -> None:
        path = tmp_path / "planted.py"
        path.write_text(CONFINED + program)
        monkeypatch.setattr(process, "_PROGRAM", str(path))

    return plant


def decode(content: bytes | None = None) -> bytes:
    with made_anew(io.BytesIO(content or png()), "image/png") as found:
        return bytes(found.content.read())


def decoders() -> list[psutil.Process]:
    return psutil.Process().children()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"])
def test_a_crash_refuses_the_picture_alone(name: str, plant: Plant) -> None:
    plant(f"os.kill(os.getpid(), signal.{name})")
    with pytest.raises(Invalid):
        decode()
    assert not decoders()


def test_a_decoder_that_is_killed_may_be_tried_again(plant: Plant) -> None:
    """The machine may have had no memory left, for whatever reason."""
    plant("os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Unavailable) as refused:
        decode()
    assert refused.value.retry_after == process.WAIT_SECONDS


def test_an_endless_decoder_has_so_much_of_the_cores(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CPU_SECONDS", 1)
    plant("while True: pass")
    with pytest.raises(TooLong, match="long"):
        decode()


def test_a_decoder_that_waits_has_so_much_time(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SECONDS", 1)
    plant("signal.alarm(0); time.sleep(600)")
    with pytest.raises(Unavailable):
        decode()
    assert not decoders()


def test_a_decoder_has_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    content = picture("PNG", (4_000, 3_000))
    monkeypatch.setattr(pictures, "_BYTES_PER_PIXEL", 0)
    with pytest.raises(TooLong, match="memory"):
        decode(content)


def test_it_writes_no_more_than_a_file_may_have(plant: Plant) -> None:
    plant("""
written = os.write(orders.kept[0], bytes(orders.content_bytes + 1))
assert written == orders.content_bytes
os.write(orders.kept[1], b"small")
try:
    os.write(orders.kept[0], b"x")
except OSError:
    os.write(1, b"{}")
""")
    assert decode() == bytes(LIMITS.attachment_bytes)


@pytest.mark.parametrize(
    "said",
    ["", "{", "[]", '{"width": "8"}', '{"width": -1}', '{"width": 1e99}', "x" * 9_999],
)
def test_what_it_says_is_not_believed(said: str, plant: Plant) -> None:
    plant(f"""
for kept in orders.kept:
    os.write(kept, b"x")
os.write(1, {said.encode()!r})
""")
    with pytest.raises(Invalid):
        decode()


@pytest.mark.parametrize("kept", [(), (0,), (1,)])
def test_what_it_does_not_keep_is_missed(kept: tuple[int, ...], plant: Plant) -> None:
    plant(f"""
for number in {kept}:
    os.write(orders.kept[number], b"x")
os.write(1, b"{{}}")
""")
    with pytest.raises(Invalid):
        decode()


def test_a_decoder_that_does_not_start_is_our_own_mistake(plant: Plant) -> None:
    plant("import there_is_no_such_module")
    with pytest.raises(RuntimeError, match="exits 1"):
        decode()


def test_it_finds_no_secret_and_no_connection(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "nobody-else-knows-this")
    plant("""
import fcntl

def is_open(number):
    try:
        return fcntl.fcntl(number, fcntl.F_GETFD) >= 0
    except OSError:
        return False

found = {"environment": dict(os.environ), "open": [*filter(is_open, range(1_000))]}
found |= {"modules": [*sys.modules], "kept": orders.kept, "nice": os.nice(0)}
os.write(orders.kept[0], json.dumps(found).encode())
os.write(orders.kept[1], b"small")
os.write(1, b"{}")
""")
    with socket.socket() as mine:
        mine.set_inheritable(True)
        found = json.loads(decode())
    # What Python sets by itself where there is no locale.
    assert set(found["environment"]) <= {"LC_CTYPE"}
    assert found["open"] == sorted([0, 1, 2, *found["kept"]])
    assert not {"django", "chat", "asyncio"} & set(found["modules"])
    assert found["nice"] == 19


# --- Turns ---------------------------------------------------------------------------


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


def test_a_line_has_an_end() -> None:
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


# --- The end -------------------------------------------------------------------------


def test_the_end_of_the_server_is_theirs(
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
    until(lambda: bool(decoders()))
    process.stop()
    thread.join()
    assert len(refused) == 1
    assert not decoders()
    with pytest.raises(Unavailable):
        decode()


def test_no_decoder_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    planted, number = tmp_path / "planted.py", tmp_path / "pid"
    waits = f"open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    planted.write_text(CONFINED + waits)
    parent = f"""
import django, io
django.setup()
from chat.limits import LIMITS
from chat.pictures import made_anew, process
process._PROGRAM = {str(planted)!r}
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
        decoder = psutil.Process(int(number.read_text()))
        server.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(decoder))


def is_alive(decoder: psutil.Process) -> bool:
    """In a container there may be nobody to bury it."""
    try:
        return decoder.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
