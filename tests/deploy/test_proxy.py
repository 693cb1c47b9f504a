"""The real nginx before two real web processes, as docker-compose.yml arranges them."""

import asyncio
import json
import os
import re
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_connection
from threading import Thread
from typing import Any

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.pictures import png
from tests.services.scratch import free_port
from tests.sockets import Socket, chatting, opened

from .conftest import Web
from .nginx import Proxy, proxying

# The first test to ask for the image waits for npm and uv.
pytestmark = pytest.mark.timeout(600)

Two = tuple[Web, Web]


class Client:
    """A person at a browser: one account, all requests through the proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.credentials = {
            "username": f"person-{secrets.token_hex(4)}",
            "password": secrets.token_urlsafe(12),
        }
        self.call("POST", "auth/register", self.credentials)
        self.access: str = self.call("POST", "auth/login", self.credentials)["access"]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        token = getattr(self, "access", None)
        answer = requests.request(
            method,
            f"{self.proxy.url}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=20,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def ticket(self) -> str:
        return str(self.call("POST", "auth/ticket")["ticket"])

    def socket_url(self) -> str:
        return self.proxy.socket_url(self.ticket())


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


# --- HTTP ----------------------------------------------------------------------------


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


def test_what_a_client_says_about_itself_is_dropped() -> None:
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
def test_a_proxy_of_ours_before_this_one_says_who_comes_over_tls(said: str) -> None:
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
def test_what_two_servers_could_read_differently_goes_no_further(
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


# --- Sockets -------------------------------------------------------------------------


async def test_sockets_land_on_different_processes_and_talk(
    two: Two, alice: Client, bob: Client, room: str
) -> None:
    async with opened(alice.socket_url()) as one, opened(bob.socket_url()) as other:
        assert await _process_of(one, two) != await _process_of(other, two)
        await one.subscribe(room)
        await other.subscribe(room)
        reply = await one.say(room, "through the proxy")
        heard = await other.expect("message.created")
        assert heard["seq"] == reply["message"]["seq"]
        assert heard["message"]["body"] == "through the proxy"


async def test_a_page_of_ours_may_open_a_socket_and_another_may_not(
    proxy: Proxy, alice: Client
) -> None:
    async with opened(alice.socket_url(), origin=Origin(proxy.url)) as socket:
        await socket.expect("hello")
    with pytest.raises(InvalidStatus) as refused:
        async with opened(alice.socket_url(), origin=Origin("https://other.example")):
            pass
    assert refused.value.response.status_code == 403


async def test_a_stopped_process_says_bye_and_the_other_takes_over(
    two: Two, alice: Client, bob: Client, room: str
) -> None:
    async with opened(alice.socket_url()) as socket:
        stopped = await _process_of(socket, two)
        before = await socket.subscribe(room)
        os.kill(two[stopped].server.pid, signal.SIGTERM)
        bye, code = await socket.closed()
    try:
        assert code == 4000
        assert bye is not None
        assert (bye["reason"], bye["reconnect"]) == ("shutting_down", True)
        # One is gone: every request and every socket finds the other.
        message = {"client_id": "while-away", "body": "while you were away"}
        bob.call("POST", f"rooms/{room}/messages", message)
        for _ in range(3):
            async with opened(alice.socket_url()) as socket:
                assert await _process_of(socket, two) == 1 - stopped
                after = await socket.subscribe(
                    room, after=before["head_seq"], epoch=before["epoch"]
                )
                assert [m["body"] for m in after["messages"]] == [message["body"]]
    finally:
        two[stopped].server.restart()


# --- Logs ----------------------------------------------------------------------------


async def test_no_token_reaches_a_log(proxy: Proxy, two: Two, alice: Client) -> None:
    ticket = alice.ticket()
    async with (
        chatting(proxy.socket_url(ticket)),
        chatting(proxy.socket_url(alice.access)),
    ):
        pass
    await _get(f"{proxy.url}/?token={alice.access}")
    await _until_logged(proxy, '"GET /ws/v1" 101')
    await _until_logged(proxy, '"GET /" 200')
    for log in (proxy.access_log, proxy.error_log, two[0].log, two[1].log):
        assert ticket not in log.read_text()
        assert alice.access not in log.read_text()
        assert "token=" not in log.read_text()


async def test_no_token_reaches_the_error_log_when_nobody_answers() -> None:
    """nginx logs the whole request with such an error, wherever one may be logged."""
    with proxying(free_port(), free_port()) as proxy:
        assert (await _get(f"{proxy.url}/")).status_code == 502
        with pytest.raises(InvalidStatus) as refused:
            async with opened(proxy.socket_url("the-token")):
                pass
        assert refused.value.response.status_code == 502
        errors = proxy.error_log.read_text()
        assert '"GET / HTTP/1.1"' in errors
        assert "the-token" not in errors
        await _until_logged(proxy, '"GET /ws/v1" 502')


# --- Helpers -------------------------------------------------------------------------


async def _until_logged(proxy: Proxy, text: str) -> None:
    """nginx writes the line after the answer."""
    async with asyncio.timeout(5):
        while text not in proxy.access_log.read_text():  # noqa: ASYNC110 (a file has no event)
            await asyncio.sleep(0.05)


async def _get(url: str) -> requests.Response:
    return await asyncio.to_thread(requests.get, url, timeout=10)


async def _process_of(socket: Socket, two: Two) -> int:
    """Which of the two has this socket: each logs the connections that it opens."""
    connection = (await socket.expect("hello"))["connection"]
    [index] = [
        i
        for i in (0, 1)
        if f"socket.opened connection={connection}" in two[i].log.read_text()
    ]
    return index


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
