"""A served application with one connection, and frames that tell their order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.frames import Opcode

from accounts import tokens
from realtime.delivery.connection import Connection
from realtime.protocol.prepared import TRANSPORT, PreparedFrame

from .raw_sockets import frames_of, serving, upgraded


class Chat:
    """An application that holds one connection open until either side closes it."""

    def __init__(self, identity: tokens.Identity) -> None:
        self._identity = identity
        self.opened: asyncio.Queue[Connection] = asyncio.Queue()
        self.has_lost = asyncio.Event()
        self.may_leave = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        transport = scope["extensions"][TRANSPORT]
        connection = Connection(self._identity, send, lambda: None, transport)
        self.opened.put_nowait(connection)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.has_lost.set()
        await self.may_leave.wait()
        connection.abandon()


@asynccontextmanager
async def connected(
    identity: tokens.Identity,
) -> AsyncIterator[tuple[asyncio.StreamReader, Connection]]:
    """The client's end of the one connection, and the server's, which may end."""
    chat = Chat(identity)
    chat.may_leave.set()
    async with serving(chat) as port:
        reader, writer = await upgraded(port)
        yield reader, await chat.opened.get()
        writer.close()


def numbered(number: int, size: int) -> PreparedFrame:
    frame = {"type": "numbered", "number": number, "padding": "x" * size}
    return PreparedFrame(json.dumps(frame).encode())


def heard_in(data: bytes) -> list[dict[str, Any]]:
    return [
        {"type": "close"} if opcode is Opcode.CLOSE else json.loads(payload)
        for opcode, payload in frames_of(data)
    ]
