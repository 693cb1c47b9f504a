"""The memory and the descriptors that one address can make a process hold."""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from backend import bodies, downloads
from tests.served import Deployment, Person, Process

UPLOAD = "POST /api/v1/rooms/x/attachments"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    directory = tmp_path_factory.mktemp("limited")
    # Without rate limits, since only the resources that are held matter here.
    settings = {"RATE_LIMITS": "on", "LIMIT_COMMANDS_BURST": "1000"}
    deployment = Deployment(directory, settings=settings)
    deployment.migrate()
    return deployment


@pytest.fixture(scope="module")
def alice(limited: Deployment) -> Person:
    [alice] = limited.people(1)
    return alice


@pytest.fixture(scope="module")
def served(limited: Deployment) -> Iterator[Process]:
    with limited.serving() as process:
        yield process


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_bodies_of_strangers_are_not_kept_in_memory(
    served: Process, held: ExitStack
) -> None:
    """Each of them used to keep 2.5 MB in memory for two minutes."""
    before = _memory(served)
    for _ in range(60):
        stranger = _asking(served, held, UPLOAD, "Content-Length: 10000000")
        with suppress(OSError):
            stranger.sendall(bytes(2_500_000))
        assert _status(stranger) in {401, None}
    assert _memory(served) - before < 30 * MIB


def test_a_stranger_is_refused_before_a_body_is_sent(
    served: Process, held: ExitStack
) -> None:
    """curl says `Expect: 100-continue` and waits; the server never says `continue`."""
    lines = ["Content-Length: 10000000", "Expect: 100-continue"]
    stranger = _asking(served, held, UPLOAD, *lines)
    answer = stranger.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'"unauthorized"' in answer
    assert b"www-authenticate: Bearer" in answer
    assert stranger.recv(65_536) == b""


def test_one_address_may_send_only_a_few_slow_bodies_at_once(
    served: Process, held: ExitStack
) -> None:
    most = bodies.MEMORY_BYTES // 3 // (bodies.REQUEST_BYTES + 60_000)
    login = "POST /api/v1/auth/login", "Content-Length: 65536"
    slow = [_asking(served, held, *login) for _ in range(most + 40)]
    for client in slow:
        with suppress(OSError):
            client.sendall(bytes(60_000))
    time.sleep(0.5)
    refused = [status for client in slow if (status := _status(client, wait=0))]
    assert refused == [429] * len(refused)
    assert 40 <= len(refused) < 60


def test_one_address_may_leave_only_a_few_files_unread_at_once(
    served: Process, alice: Person, held: ExitStack
) -> None:
    """Each of them has a file and a socket open until it is cut off."""
    text = b"Some text.\n" * 900_000
    path = f"rooms/{alice.room}/attachments"
    file = served.upload(path, alice.token, "a.txt", text).json()["id"]
    asked = f"GET /api/v1/attachments/{file}", f"Authorization: Bearer {alice.token}"
    before = _descriptors(served)
    statuses = [_status(_asking(served, held, *asked)) for _ in range(180)]
    most = downloads.AT_ONCE // 3
    assert (statuses.count(200), statuses.count(429)) == (most, 180 - most)
    assert _descriptors(served) - before <= 2 * most + 20


def test_requests_of_strangers_write_nothing_into_the_log(
    served: Process, held: ExitStack
) -> None:
    """Django would log the host and the origin of each, however long they are."""
    said = "x" * 5_000
    before = served.log.stat().st_size
    for _ in range(40):
        for lines in (
            ["GET / HTTP/1.1", f"Host: {said}"],
            ["POST /admin/login/ HTTP/1.1", "Host: localhost", f"Origin: {said}"],
            [f"GET {said}", "Host: localhost"],
            ["GET / HTTP/1.1", "Host: localhost", f"Upgrade: {said}"],
        ):
            close = "Connection: close, Upgrade"
            client = _connected(served, held)
            client.sendall("\r\n".join([*lines, close, "", ""]).encode())
            assert client.recv(12) in {
                b"HTTP/1.1 400",
                b"HTTP/1.1 403",
                b"HTTP/1.1 200",
            }
    new = served.log.read_text()[before:]
    assert said not in new
    assert "access.refused code=DisallowedHost" in new
    assert "access.refused code=csrf" in new
    assert len(new) < 2_000


def _asking(process: Process, held: ExitStack, *lines: str) -> socket.socket:
    client = _connected(process, held)
    first, *rest = lines
    head = [f"{first} HTTP/1.1", "Host: localhost", *rest, "", ""]
    client.sendall("\r\n".join(head).encode())
    return client


def _connected(process: Process, held: ExitStack) -> socket.socket:
    client = held.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(10)
    client.connect(("127.0.0.1", process.port))
    return client


def _status(client: socket.socket, wait: float = 10) -> int | None:
    """The status; None when no answer comes, or when it is lost in our own writing."""
    client.settimeout(wait)
    with suppress(OSError):
        return int(client.recv(12).split()[1])
    return None


def _memory(process: Process) -> int:
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    [kib] = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(kib) * 1024


def _descriptors(process: Process) -> int:
    return len(os.listdir(f"/proc/{process.popen.pid}/fd"))
