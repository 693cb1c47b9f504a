"""A client for tests that reads like a conversation: send, expect, expect nothing."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests import canary
from tests.frames import check_sent

SECONDS = 10.0

Frame = dict[str, Any]


class Socket:
    """A connection that keeps the frames that no test waited for yet, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.kept: list[Frame] = []
        self._refs = itertools.count(1)

    async def send(self, **command: Any) -> int:
        """Send a command with the next `ref`. Returns the ref."""
        ref = next(self._refs)
        canary.mark_all(command)
        await self.connection.send(json.dumps({"ref": ref, **command}))
        return ref

    async def tell(self, **command: Any) -> None:
        """Send a command that has no `ref` and gets no answer."""
        canary.mark_all(command)
        await self.connection.send(json.dumps(command))

    async def ask(self, **command: Any) -> Frame:
        """Send a command and wait for its reply or error."""
        ref = await self.send(**command)
        return await self.until(lambda frame: frame.get("ref") == ref)

    async def subscribe(self, room: str, **cursor: Any) -> Frame:
        """Subscribe to one room. Returns its part of the reply."""
        reply = await self.ask(type="subscribe", rooms=[{"room": room, **cursor}])
        [subscribed] = reply["rooms"]
        return dict(subscribed)

    async def say(self, room: str, body: str, client_id: str | None = None) -> Frame:
        key = client_id or f"test-{id(self)}-{next(self._refs)}"
        return await self.ask(type="message.send", room=room, client_id=key, body=body)

    async def expect(self, kind: str) -> Frame:
        """Wait for the next frame of this type, and keep others that come before it."""
        return await self.until(lambda frame: frame["type"] == kind)

    async def hear(self, count: int) -> list[Frame]:
        """Wait for the next messages, each in an event of its own or several in one."""
        heard: list[Frame] = []
        while len(heard) < count:
            frame = await self.until(
                lambda frame: frame["type"] in {"message.created", "room.changes"}
            )
            heard += frame.get("messages") or [frame["message"]]
        return heard

    async def expect_nothing(self, seconds: float = 0.5) -> None:
        """Check that no event arrives for a while, except `presence.changed`.

        The server says some seconds late that the sockets of earlier tests have left.
        """
        kept = [f for f in self.kept if f["type"] != "presence.changed"]
        assert kept == [], f"expected nothing, got {kept}"
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (frame := await self.receive())["type"] == "presence.changed":
                    pass
                raise AssertionError(f"expected nothing, got {frame}")

    async def until(self, wanted: Any) -> Frame:
        for index, frame in enumerate(self.kept):
            if wanted(frame):
                return self.kept.pop(index)
        async with asyncio.timeout(SECONDS):
            while not wanted(frame := await self.receive()):
                self.kept.append(frame)
        return frame

    async def closed(self) -> tuple[Frame | None, int]:
        """Wait for the close. Returns the `bye` before it, and the close code."""
        bye = next((f for f in self.kept if f["type"] == "bye"), None)
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    frame = await self.receive()
                    bye = frame if frame["type"] == "bye" else bye
        except ConnectionClosed as closed:
            return bye, closed.rcvd.code if closed.rcvd else 1006

    async def receive(self) -> Frame:
        """Wait for the next frame that is no ping, and answer pings as clients must.

        Raises AssertionError for a frame that asyncapi.yaml does not allow.
        """
        text = await self.connection.recv()
        check_sent(text)
        frame: Frame = json.loads(text)
        if frame["type"] == "ping":
            pong = {"type": "pong", "n": frame["n"]}
            await self.connection.send(json.dumps(pong))
            return await self.receive()
        return frame


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Socket]:
    """An open socket from which nothing was read yet."""
    async with connect(url, proxy=None, **options) as connection:
        yield Socket(connection)


@asynccontextmanager
async def chatting(url: str) -> AsyncIterator[Socket]:
    """An open socket whose `hello` was read."""
    async with opened(url) as socket:
        await socket.expect("hello")
        yield socket
