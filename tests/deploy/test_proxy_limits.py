"""Limits of nginx for one address, and the way of plain HTTP."""

import json
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import pytest
import requests

from tests.services.scratch import free_port

from .conftest import Web
from .image import ROOT
from .nginx import Proxy, proxying

# The first test to ask for the image waits for npm and uv.
pytestmark = pytest.mark.timeout(600)

UPLOAD = (
    b"POST /api/v1/me/avatar HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"
)
BEHIND = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
PUBLIC = "https://chat.example.com"


class Upstream:
    """A web process that takes connections and keeps them, without an answer."""

    def __init__(self, listening: socket.socket) -> None:
        self.listening = listening
        self.port: int = listening.getsockname()[1]

    def received(self, size: int) -> bytes:
        """The bytes of the next connection, once there are so many."""
        connection, _ = self.listening.accept()
        connection.settimeout(5)
        found = b""
        with connection:
            while len(found) < size and (part := connection.recv(65_536)):
                found += part
        return found


@contextmanager
def silent() -> Iterator[Upstream]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        listening.settimeout(5)
        yield Upstream(listening)


@contextmanager
def answering() -> Iterator[int]:
    """A web process that answers at once. Its port."""

    def answer() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(
                    b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
                )

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_one_address_asks_so_often_and_no_more() -> None:
    """Of IPv6 a client has a /64, which counts as one address."""
    with (
        answering() as port,
        proxying(port, port, BEHIND) as proxy,
        ExitStack() as held,
    ):
        line = held.enter_context(closing(HTTPConnection("127.0.0.1", proxy.port, 10)))
        statuses = [_get(line, f"2001:db8:0:1::{n:x}")[0] for n in range(800)]
        assert set(statuses) == {204, 429}
        assert statuses.count(204) >= 500
        status, body = _get(line, "2001:db8:0:1::1")
        assert (status, json.loads(body)["code"]) == (429, "rate_limited")
        assert _get(line, "2001:db8:0:2::1")[0] == 204
        assert _get(line, "192.0.2.1")[0] == 204
        assert proxy.error_log.read_text() == ""


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v1/me/avatar", "/api/v1/invitations/x", "/api/v1/attachments/x"],
)
def test_one_address_has_so_many_requests_at_once(path: str) -> None:
    with silent() as web, proxying(web.port, web.port) as proxy, ExitStack() as held:
        clients = [_connected(proxy, held) for _ in range(310)]
        for client in clients:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        time.sleep(0.5)
        readable, _, _ = select.select(clients, [], [], 0)
        assert [_status(client) for client in readable] == [b"429"] * 10


def test_an_upload_is_passed_on_as_it_comes() -> None:
    """The web process looks at its token before the rest is here."""
    with silent() as web, proxying(web.port, web.port) as proxy, ExitStack() as held:
        client = _connected(proxy, held)
        client.sendall(UPLOAD + bytes(100_000))
        assert web.received(100_000).startswith(b"POST /api/v1/me/avatar HTTP/1.1\r\n")


def test_any_other_body_is_passed_on_when_it_is_whole() -> None:
    """The proxy waits for slow clients, so that no web process has to."""
    head = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n"
    )
    with silent() as web, proxying(web.port, web.port) as proxy, ExitStack() as held:
        client = _connected(proxy, held)
        client.sendall(head + bytes(49_999))
        web.listening.settimeout(0.5)
        with pytest.raises(TimeoutError):
            web.received(1)
        client.sendall(b"0")
        assert web.received(50_000).startswith(b"POST /api/v1/auth/login HTTP/1.1\r\n")


def test_a_stranger_reads_why_the_upload_was_refused(
    proxy: Proxy, two: tuple[Web, Web]
) -> None:
    """The web process closes early; what it said gets through."""
    for _ in range(5):
        answer = requests.post(
            f"{proxy.url}/api/v1/me/avatar",
            files={"file": ("a.png", bytes(10_000_000))},
            timeout=10,
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_an_unknown_host_is_refused_and_not_repeated(
    proxy: Proxy, two: tuple[Web, Web]
) -> None:
    for path in ("/", "/api/v1/limits", "/admin"):
        answer = requests.get(
            f"{proxy.url}{path}",
            headers={"Host": "evil.example"},
            timeout=10,
            allow_redirects=False,
        )
        assert answer.status_code == 400
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("said", [PUBLIC, f"{PUBLIC}/"])
@pytest.mark.parametrize(
    "host", ["chat.example.com", "evil.example", "chat.example.com:80"]
)
def test_plain_http_leads_to_the_configured_name(
    host: str, said: str, tmp_path: Path
) -> None:
    with _with_tls(tmp_path, said) as proxy:
        answer = _plainly(proxy, host)
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"{PUBLIC}/a%20b?c=d"


@pytest.mark.parametrize("said", ["", "http://chat.example.com"])
def test_without_a_configured_name_it_leads_nowhere(said: str, tmp_path: Path) -> None:
    with _with_tls(tmp_path, said) as proxy:
        answer = _plainly(proxy, "evil.example")
        assert answer.status_code == 503
        assert "Location" not in answer.headers


@contextmanager
def _with_tls(directory: Path, public_url: str) -> Iterator[Proxy]:
    """deploy/tls.conf with another port, and with a certificate of the test's own."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
            *("-days", "1", "-subj", "/CN=chat.example.com"),
            *("-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    tls = (ROOT / "deploy" / "tls.conf").read_text()
    assert "listen 8443 ssl;" in tls
    tls = tls.replace("listen 8443", f"listen 127.0.0.1:{free_port()}")
    tls = tls.replace("/etc/nginx/certs", str(directory))
    with answering() as port, proxying(port, port, tls, public_url) as proxy:
        yield proxy


def _plainly(proxy: Proxy, host: str) -> requests.Response:
    return requests.get(
        f"{proxy.url}/a%20b?c=d",
        headers={"Host": host},
        timeout=10,
        allow_redirects=False,
    )


def _get(line: HTTPConnection, address: str) -> tuple[int, bytes]:
    line.request("GET", "/", headers={"X-Forwarded-For": address})
    answer = line.getresponse()
    return answer.status, answer.read()


def _connected(proxy: Proxy, held: ExitStack) -> socket.socket:
    address = ("127.0.0.1", proxy.port)
    return held.enter_context(socket.create_connection(address, timeout=5))


def _status(client: socket.socket) -> bytes:
    return client.recv(4_096).split(b" ")[1]
