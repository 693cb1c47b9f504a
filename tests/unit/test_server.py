"""uvicorn's protocol as Hubbub changes it, on a real socket."""

import asyncio
import base64
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from realtime.server import uvicorn
from realtime.server.http_head import Protocol

PING = b"\x81\x82\0\0\0\0{}"


async def closes_at_once(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4004})


async def test_a_client_that_goes_on_sending_after_our_close_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not cut off before that: some frames may have been on their way."""
    monkeypatch.setattr(uvicorn, "ABORT_SECONDS", 60)
    config = Config(
        closes_at_once,
        http=Protocol,
        ws=uvicorn.SocketProtocol,
        lifespan="off",
        log_config=None,
    )
    config.load()
    listening = await asyncio.get_running_loop().create_server(
        lambda: Protocol(config, ServerState(), {}), "127.0.0.1", 0
    )
    async with listening, asyncio.timeout(10):
        port = listening.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_upgrade())
        await reader.readuntil(b"\r\n\r\n")
        assert (await reader.readexactly(4))[2:] == (4004).to_bytes(2)
        writer.write(PING * (uvicorn.MAX_LATE_FRAMES - 1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        writer.write(PING)
        assert await reader.read() == b""
        writer.close()


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
