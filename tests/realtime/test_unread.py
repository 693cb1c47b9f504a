"""Answers that nobody reads, and those that are read slowly, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from realtime.server import stalled_answers

# More than the kernels of both sides buffer of an answer.
LONG = 16_000_000


class Answering:
    """Answers with that many bytes, in pieces, and sets `ended` after the last."""

    def __init__(self, size: int, piece: int = 65_536) -> None:
        self.size = size
        self.piece = piece
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", str(self.size).encode())
        head = {"type": "http.response.start", "status": 200, "headers": [length]}
        await send(head)
        for start in range(0, self.size, self.piece):
            body = bytes(min(self.piece, self.size - start))
            is_last = start + self.piece >= self.size
            message = {"type": "http.response.body", "body": body}
            await send({**message, "more_body": not is_last})
        self.ended.set()


@asynccontextmanager
async def asked(
    app: Any, state: ServerState, head: bytes = b"", buffer: int = 4_096
) -> AsyncIterator[socket.socket]:
    """The client of one request to our protocol, with a small buffer in the kernel."""
    config = Config(app, http=stalled_answers.Protocol, lifespan="off", log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: stalled_answers.Protocol(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.setblocking(False)
            await loop.sock_connect(client, server.sockets[0].getsockname())
            request = b"GET / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n"
            await loop.sock_sendall(client, request)
            yield client


async def read(client: socket.socket, pause: float = 0) -> int:
    """Read to the end, 64 KiB at a time; return the number of bytes."""
    loop, size = asyncio.get_running_loop(), 0
    try:
        while data := await loop.sock_recv(client, 65_536):
            size += len(data)
            await asyncio.sleep(pause)
    except ConnectionResetError:
        pass
    return size


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalled_answers, "STALL_SECONDS", 0.3)


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_reads_nothing_is_cut_off() -> None:
    app, state = Answering(LONG), ServerState()
    async with asked(app, state) as client:
        # Bytes for a lost client are thrown away, so the application reaches its end.
        await asyncio.wait_for(app.ended.wait(), 5)
        assert not state.connections
        assert await read(client) < LONG


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("head", [b"", b"Connection: close\r\n"])
async def test_the_rest_of_an_unread_answer_is_thrown_away(
    head: bytes,
) -> None:
    """The application has sent all and uvicorn has closed; the transport waits."""
    app, state = Answering(LONG, piece=LONG), ServerState()
    async with asked(app, state, head) as client:
        await asyncio.wait_for(app.ended.wait(), 5)
        assert state.connections
        async with asyncio.timeout(5):
            while state.connections:  # noqa: ASYNC110  (a set has no event)
                await asyncio.sleep(0.05)
        assert await read(client) < LONG


@pytest.mark.usefixtures("impatient")
async def test_a_client_that_reads_slowly_gets_the_whole_answer() -> None:
    """Reading takes several times as long as a client may pause."""
    app = Answering(3_000_000)
    async with asked(app, ServerState(), b"Connection: close\r\n", 131_072) as client:
        assert await read(client, pause=0.05) > 3_000_000
