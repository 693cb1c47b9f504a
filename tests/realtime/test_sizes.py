"""Frames, bodies and heads that are too big, too deep or too slow, on real sockets."""

import asyncio
import json
import socket as sockets
from contextlib import suppress
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.exceptions import ConnectionClosed

from core.limits.table import LIMITS
from realtime.server import http_head
from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_a_frame_over_the_servers_limit_ends_the_connection(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.connection.send("x" * 65_537)
        # daphne drops the connection instead of saying why.
        assert (await bob.closed())[1] == (1009 if _is_uvicorn(process) else 1006)


async def test_a_frame_over_our_limit_is_refused(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.connection.send(json.dumps("x" * LIMITS.frame_bytes))
        assert (await bob.expect("error"))["code"] == "too_long"
        assert "server_time" in await bob.ask(type="ping")


async def test_a_reply_may_be_bigger_than_a_frame_from_a_client(
    process: Process, scene: Scene
) -> None:
    """daphne applies its limit to the messages that it sends, too."""
    async with chatting(process.socket_url(scene.bob)) as bob:
        for _ in range(20):
            await bob.say(scene.room, "x" * LIMITS.message_characters)
        subscribed = await bob.subscribe(scene.room, history=20)
        assert len(subscribed["messages"]) == 20


async def test_a_message_in_many_frames_is_refused(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        with suppress(ConnectionClosed):
            await bob.connection.send(["x" * 30_000] * 20)
        if _is_uvicorn(process):
            # The bytes that we still sent may make us lose the reason.
            assert (await bob.closed())[1] in {1009, 1006}
        else:
            assert (await bob.expect("error"))["code"] == "too_long"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"type":"ping","ref":1,"x":'])
async def test_deep_json_is_refused_at_both_doors(
    process: Process, scene: Scene, opening: str
) -> None:
    times = 30_000 // len(opening)
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.connection.send(opening * times)
        assert (await bob.expect("error"))["code"] in {"bad_frame", "invalid"}
        assert "server_time" in await bob.ask(type="ping")
    answer = _post(process, (opening * times).encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"invalid"' in answer


async def test_a_hundred_thousand_brackets_are_a_bad_frame(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.connection.send("[" * 100_000)
        assert (await bob.closed())[1] == (1009 if _is_uvicorn(process) else 1006)
    assert _post(process, b"[" * 100_000).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("is_chunked", [True, False])
def test_an_endless_request_body_is_cut_off(process: Process, is_chunked: bool) -> None:
    """The answer comes long before the end of the body, if the server allows that."""
    length = "Transfer-Encoding: chunked" if is_chunked else "Content-Length: 50000000"
    chunk = b"x" * 10_000
    with _request(process, length) as line:
        sent = 0
        try:
            while sent < 50_000_000:
                framed = b"%x\r\n%s\r\n" % (len(chunk), chunk)
                line.sendall(framed if is_chunked else chunk)
                sent += len(chunk)
                if _has_answered(line):
                    break
            else:
                line.sendall(b"0\r\n\r\n" if is_chunked else b"")
            answer = _answer(line)
        except OSError:
            # The server closed while we wrote, and its answer may be lost with that.
            answer = b""
    assert answer == b"" or (b" 413 " in answer and b"too_long" in answer)
    if _is_uvicorn(process):
        assert sent < 10_000_000


def test_a_request_with_a_long_head_is_cut_off(process: Process) -> None:
    with _connected(process) as line:
        line.sendall(b"GET /api/v1/limits HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
        sent = 0
        try:
            while sent < 20_000_000 and not _has_answered(line):
                line.sendall(b"x" * 10_000)
                sent += 10_000
        except OSError:
            pass
    assert sent < 10_000_000


async def test_a_request_with_a_slow_head_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvicorn's protocol on a real socket, with a shorter time for the head."""
    monkeypatch.setattr(http_head, "HEAD_SECONDS", 0.3)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = Config(app, http=http_head.Protocol, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: http_head.Protocol(config, ServerState(), {}), "127.0.0.1", 0
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # A whole head comes in time, then half of the next one.
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
        await asyncio.sleep(0.5)
        writer.write(b"GET / HTTP/1.1\r\nHost:")
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()


def _is_uvicorn(process: Process) -> bool:
    return "serve" in list(process.popen.args)  # type: ignore[arg-type]


def _connected(process: Process) -> sockets.socket:
    return sockets.create_connection(("127.0.0.1", process.port), timeout=10)


def _request(process: Process, length: str) -> sockets.socket:
    line = _connected(process)
    line.sendall(
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\n" + length.encode() + b"\r\n\r\n"
    )
    return line


def _post(process: Process, body: bytes) -> bytes:
    with _request(process, f"Content-Length: {len(body)}") as line:
        line.sendall(body)
        return _answer(line)


def _answer(line: sockets.socket) -> bytes:
    """The whole error; its head and its body may arrive apart."""
    answer = b""
    while not answer.rstrip().endswith(b"}") and (part := line.recv(65_536)):
        answer += part
    return answer


def _has_answered(line: sockets.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1, sockets.MSG_PEEK) is not None
    except BlockingIOError:
        return False
    finally:
        line.settimeout(10)
