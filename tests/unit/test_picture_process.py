"""A decoder that goes wrong in any way: this process goes on, and answers.

No picture is known that does to today's decoders what these tests want, so planted
functions do it in their stead, behind the real limits.
"""

import io
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import psutil
import pytest

from core.errors import Invalid, TooLong, Unavailable
from core.files import pictures
from core.files.pictures import made_anew, process
from core.limits.table import LIMITS
from tests.pictures import picture, png

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


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"])
def test_a_crash_refuses_the_picture_alone(name: str, plant: Plant) -> None:
    plant(f"os.kill(os.getpid(), signal.{name})")
    with pytest.raises(Invalid):
        decode()
    until(lambda: not decoders())


def test_a_decoder_that_is_killed_may_be_tried_again(plant: Plant) -> None:
    """The machine may have had no memory left, for whatever reason."""
    plant("os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Unavailable) as refused:
        decode()
    assert refused.value.retry_after == process.WAIT_SECONDS


def test_an_endless_decoder_is_ended_when_its_time_on_the_cpu_is_up(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CPU_SECONDS", 1)
    plant("while True: pass")
    with pytest.raises(TooLong, match="long"):
        decode()


def test_a_decoder_that_waits_is_ended_when_its_time_is_up(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SECONDS", 1)
    plant("time.sleep(600)")
    with pytest.raises(Unavailable):
        decode()
    until(lambda: not decoders())


def test_a_decoder_that_needs_too_much_memory_refuses_the_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = picture("PNG", (4_000, 3_000))
    monkeypatch.setattr(pictures, "_BYTES_PER_PIXEL", 0)
    with pytest.raises(TooLong, match="memory"):
        decode(content)


def test_a_decoder_writes_no_more_than_a_file_may_have(plant: Plant) -> None:
    plant("""
most = orders["content_bytes"]
assert os.write(kept[0], bytes(most + 1)) == most
os.write(kept[1], b"small")
try:
    os.write(kept[0], b"x")
except OSError:
    return {}
""")
    assert decode() == bytes(LIMITS.attachment_bytes)


@pytest.mark.parametrize(
    "said", [None, [], "{", {"width": "8"}, {"width": -1}, {"width": 1e99}, "x" * 9_999]
)
def test_a_report_that_a_picture_made_up_is_refused(said: object, plant: Plant) -> None:
    plant(f"""
for each in kept:
    os.write(each, b"x")
return {said!r}
""")
    with pytest.raises(Invalid):
        decode()


@pytest.mark.parametrize("numbers", [(), (0,), (1,)])
def test_a_decoder_that_writes_no_file_refuses_the_picture(
    numbers: tuple[int, ...], plant: Plant
) -> None:
    plant(f"""
for number in {numbers}:
    os.write(kept[number], b"x")
return {{}}
""")
    with pytest.raises(Invalid):
        decode()


def test_a_decoder_that_fails_raises_an_error_of_ours(plant: Plant) -> None:
    plant("raise OSError('the disk is full')")
    with pytest.raises(RuntimeError, match="exits 1"):
        decode()


def test_a_decoder_that_does_not_start_is_logged_for_the_operator(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    plant("there is no such language")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with pytest.raises(Unavailable):
                decode()
            until(lambda: process._servers[-1].exit_code() is not None)
    assert "the process that forks decoders ended: 1" in caplog.text
    # And when it is put right, nobody has to restart the server.
    plant("os.write(kept[0], b'x'); os.write(kept[1], b'x'); return {}")
    assert decode() == b"x"


def test_a_decoder_has_no_secret_and_no_connection(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "nobody-else-knows-this")
    plant("""
def is_open(number):
    try:
        return fcntl.fcntl(number, fcntl.F_GETFD) >= 0
    except OSError:
        return False

import json
found = {"environment": dict(os.environ), "modules": [*sys.modules]}
found |= {"nice": os.nice(0), "open": [*filter(is_open, range(1_000))]}
found |= {"links": [os.readlink(f"/proc/self/fd/{each}") for each in found["open"]]}
os.write(kept[0], json.dumps(found).encode())
os.write(kept[1], b"small")
return {}
""")
    with socket.socket() as mine:
        mine.set_inheritable(True)
        found = json.loads(decode())
    # The variable that Python sets by itself where there is no locale.
    assert set(found["environment"]) <= {"LC_CTYPE"}
    # Nowhere, twice; the picture, the sheet, and two files that are kept.
    assert found["links"].count("/dev/null") == 2
    assert len(found["open"]) == 6
    assert not any(link.startswith(("socket:", "pipe:")) for link in found["links"])
    assert not {"django", "chat", "asyncio"} & set(found["modules"])
    assert found["nice"] == 10


def test_a_decoder_finds_nothing_of_another_picture(plant: Plant) -> None:
    plant("""
os.write(kept[0], str(getattr(sys, "left", "nothing")).encode())
os.write(kept[1], b"small")
sys.left = "something"
return {}
""")
    assert [decode(), decode()] == [b"nothing", b"nothing"]


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
