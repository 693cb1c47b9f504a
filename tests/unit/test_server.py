"""uvicorn's protocol as Hubbub changes it, on a real socket."""

import asyncio
from typing import Any

import pytest

from realtime.protocol.prepared import TRANSPORT
from realtime.server import uvicorn

from .raw_sockets import serving, upgraded

PING = b"\x81\x82\0\0\0\0{}"


async def test_a_socket_keeps_no_header_of_its_handshake() -> None:
    """Ten thousand idle sockets would take 40 MB for them."""
    scopes: list[Any] = []

    async def accepts(scope: Any, receive: Any, send: Any) -> None:
        seen = [name for name, _ in scope["headers"]]
        assert b"sec-websocket-key" in seen
        await send({"type": "websocket.accept"})
        scopes.append(scope)
        await receive()
        await receive()

    async with serving(accepts) as port:
        _, writer = await upgraded(port)
        protocol = scopes[0]["extensions"][TRANSPORT].get_protocol()
        assert scopes[0]["headers"] == []
        assert not hasattr(protocol, "request")
        writer.close()


async def closes_at_once(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4004})


async def test_a_client_that_goes_on_sending_after_our_close_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not cut off before that: some frames may have been on their way."""
    monkeypatch.setattr(uvicorn, "ABORT_SECONDS", 60)
    async with serving(closes_at_once) as port:
        reader, writer = await upgraded(port)
        assert (await reader.readexactly(4))[2:] == (4004).to_bytes(2)
        writer.write(PING * (uvicorn.MAX_LATE_FRAMES - 1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        writer.write(PING)
        assert await reader.read() == b""
        writer.close()
