"""uvicorn's protocols as Hubbub changes them, with an application of the test's own."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from realtime.server import uvicorn
from realtime.server.stalled_answers import Protocol


@asynccontextmanager
async def serving(application: Any) -> AsyncIterator[int]:
    """Serve within the test's own event loop. Yields the port."""
    config = Config(
        application,
        http=Protocol,
        ws=uvicorn.SocketProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        lifespan="off",
        log_config=None,
    )
    config.load()
    state = ServerState()
    listening = await asyncio.get_running_loop().create_server(
        lambda: Protocol(config, state, {}), "127.0.0.1", 0
    )
    async with listening, asyncio.timeout(20):
        yield listening.sockets[0].getsockname()[1]


async def upgraded(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that has its handshake and reads frames by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_upgrade())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def _upgrade() -> bytes:
    key = base64.b64encode(b"sixteen bytes ok").decode()
    lines = [
        "GET /ws/v1 HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frames_of(data: bytes) -> list[tuple[Opcode, bytes]]:
    """What the client of a library makes of these bytes."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    client.receive_data(data)
    frames = [event for event in client.events_received() if isinstance(event, Frame)]
    return [(frame.opcode, bytes(frame.data)) for frame in frames]
