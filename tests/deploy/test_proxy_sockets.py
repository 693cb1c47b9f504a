"""Sockets through the proxy, and what its logs say."""

import asyncio
import os
import secrets
import signal

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.services.scratch import free_port
from tests.sockets import Socket, chatting, opened

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
