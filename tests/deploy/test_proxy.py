"""The real nginx before two real web processes, as docker-compose.yml arranges them."""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_connection
from threading import Thread
from typing import Any

import pytest
import requests

from tests.pictures import png

from .clients import Client, Two
from .nginx import Proxy, proxying

# The first test to ask for the image waits for npm and uv.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def alice(proxy: Proxy) -> Client:
    return Client(proxy)


@pytest.fixture
def bob(proxy: Proxy) -> Client:
    return Client(proxy)


@pytest.fixture
def room(alice: Client, bob: Client) -> str:
    name = f"room-{secrets.token_hex(4)}"
    room = str(alice.call("POST", "rooms", {"name": name})["id"])
    bob.call("POST", f"rooms/{room}/join")
    return room


def test_the_page_and_its_files_are_served(proxy: Proxy) -> None:
    page = requests.get(proxy.url, timeout=10)
    assert page.status_code == 200
    assert page.headers["Server"] == "nginx"
    [script] = re.findall(r'src="(/assets/[^"]+\.js)"', page.text)
    answer = requests.get(proxy.url + script, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "max-age" in answer.headers["Cache-Control"]


def test_a_login_works_and_its_tokens_are_not_compressed(alice: Client) -> None:
    answer = requests.post(
        f"{alice.proxy.url}/api/v1/auth/login", json=alice.credentials, timeout=10
    )
    assert answer.status_code == 200
    assert answer.json()["user"]["username"] == alice.credentials["username"]
    assert "Content-Encoding" not in answer.headers


def test_the_image_decodes_pictures(alice: Client, room: str) -> None:
    """By a process that sees none of the image's environment."""
    answer = requests.post(
        f"{alice.proxy.url}/api/v1/rooms/{room}/attachments",
        files={"file": ("cat.png", png(600, 300))},
        headers={"Authorization": f"Bearer {alice.access}"},
        timeout=20,
    )
    assert (answer.status_code, answer.json()["width"]) == (201, 600), answer.text


def test_a_large_body_goes_no_further(proxy: Proxy, two: Two) -> None:
    answer = requests.post(
        f"{proxy.url}/api/v1/auth/login", data=b"x" * 1_100_000, timeout=10
    )
    assert answer.status_code == 413


def test_forwarding_headers_of_a_client_are_dropped() -> None:
    with _echo() as echo, proxying(echo, echo) as proxy:
        answer = requests.get(
            f"{proxy.url}/",
            headers={
                "X-Forwarded-For": "192.0.2.66",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Port": "1",
                "X_Forwarded_For": "192.0.2.66",
                "Forwarded": "for=192.0.2.66",
                "Daphne-Root-Path": "/forged",
                "Upgrade": "websocket",
                "Connection": "Upgrade",
            },
            timeout=10,
        )
        headers = {name.lower(): value for name, value in answer.json()}
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == f"127.0.0.1:{proxy.port}"
    dropped = {
        "forwarded",
        "x-forwarded-host",
        "x-forwarded-port",
        "daphne-root-path",
        "upgrade",
        "connection",
    }
    assert not {"x_forwarded_for", *dropped} & set(headers)


@pytest.mark.parametrize("said", ["https", "http"])
def test_a_trusted_proxy_before_this_one_says_whether_it_was_tls(said: str) -> None:
    """Without that the redirect to https:// would never end."""
    trusted = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"
    with _echo() as echo, proxying(echo, echo, trusted) as proxy:
        forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": said}
        answer = requests.get(f"{proxy.url}/", headers=forwarded, timeout=10)
        headers = {name.lower(): value for name, value in answer.json()}
    assert headers["x-forwarded-for"] == "192.0.2.7"
    assert headers["x-forwarded-proto"] == said


@pytest.mark.parametrize(
    "lines",
    [
        ["Host: localhost", "Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Host: localhost", "Content-Length: 4", "Content-Length: 5"],
        ["Host: localhost", "Transfer-Encoding: chunked, identity"],
        ["Host: localhost", "Host: evil.example"],
        ["Host: localhost/evil"],
        ["X-No-Host: 1"],
        ["Host: localhost", f"X-Long: {'x' * 40_000}"],
    ],
)
def test_a_request_that_two_servers_could_read_differently_goes_no_further(
    lines: list[str],
) -> None:
    with _echo() as echo, proxying(echo, echo) as proxy:
        head = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""])
        with create_connection(("127.0.0.1", proxy.port), timeout=10) as raw:
            raw.sendall(head.encode() + b"0\r\n\r\n")
            status = raw.recv(4096).split(b" ")[1]
    assert status in {b"400", b"501"}


def test_limits_count_by_the_address_that_connects(proxy: Proxy, two: Two) -> None:
    """A client can neither hide behind another address nor use up a neighbour's."""
    statuses = {_register_badly(proxy, "127.0.0.2", f"192.0.2.{i}") for i in range(60)}
    assert statuses == {400, 429}
    assert _register_badly(proxy, "127.0.0.2", "192.0.2.99") == 429
    assert _register_badly(proxy, "127.0.0.3", "127.0.0.2") == 400


def _register_badly(proxy: Proxy, source: str, forged: str) -> int:
    """Ask from another address of this machine; the status."""
    connection = HTTPConnection("127.0.0.1", proxy.port, 10, source_address=(source, 0))
    headers = {"Content-Type": "application/json", "X-Forwarded-For": forged}
    connection.request("POST", "/api/v1/auth/register", "{}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


@contextmanager
def _echo() -> Iterator[int]:
    """An upstream that answers with the headers it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(self.headers.items()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
