"""A TCP line that tests cut, delay and freeze; the ends do not know each other."""

import asyncio
from collections.abc import Callable
from typing import cast


class Proxy:
    """Listens on a port of its own and leads to `target`, which may change."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay = 0.0
        self.links: set[Link] = set()
        self._frozen = False
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _End(Link(self).accepted), "127.0.0.1", 0, backlog=2048
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> int:
        """Reset every connection, and return how many there were."""
        links = list(self.links)
        for link in links:
            link.cut()
        return len(links)

    def freeze(self) -> None:
        """Let nothing through and refuse nothing, like a line that went dead."""
        self._frozen = True
        for link in self.links:
            link.pause()

    def thaw(self) -> None:
        self._frozen = False
        for link in self.links:
            link.resume()

    def opened(self, link: "Link") -> None:
        self.links.add(link)
        if self._frozen:
            link.pause()


class Link:
    """One connection: what comes in at one end goes out at the other."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.near: _End | None = None
        self.far: _End | None = None
        self._dialling: asyncio.Task[None] | None = None

    def accepted(self, near: "_End") -> None:
        self.near = near
        near.transport.pause_reading()
        self._dialling = asyncio.create_task(self._dial(near))

    async def _dial(self, near: "_End") -> None:
        loop = asyncio.get_running_loop()
        try:
            _, self.far = await loop.create_connection(
                lambda: _End(lambda _: None), "127.0.0.1", self.proxy.target
            )
        except OSError:
            near.transport.abort()
            return
        near.link(self.far, self)
        self.far.link(near, self)
        self.proxy.opened(self)
        near.resume()

    def cut(self) -> None:
        self.proxy.links.discard(self)
        for end in (self.near, self.far):
            if end is not None:
                end.transport.abort()

    def pause(self) -> None:
        for end in (self.near, self.far):
            if end is not None:
                end.hold("frozen")

    def resume(self) -> None:
        for end in (self.near, self.far):
            if end is not None:
                end.release("frozen")


class _End(asyncio.Protocol):
    """One side's socket; reads no faster than the other side writes."""

    def __init__(self, made: Callable[["_End"], None]) -> None:
        self.transport: asyncio.Transport
        self._made = made
        self._other: _End | None = None
        self._owner: Link | None = None
        self._held_by: set[str] = set()
        self._due = 0.0

    def link(self, other: "_End", owner: Link) -> None:
        self._other, self._owner = other, owner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        if self._other is None or self._owner is None:
            return
        loop = asyncio.get_running_loop()
        # Never before earlier bytes, even when the delay has just become shorter.
        due = max(self._due, loop.time() + self._owner.proxy.delay)
        if due <= loop.time():
            self._other.transport.write(data)
        else:
            self._due = due + 1e-6
            loop.call_at(self._due, self._other.transport.write, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._other is not None:
            self._other.transport.close()
        if self._owner is not None:
            self._owner.proxy.links.discard(self._owner)

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.hold("full")

    def resume_writing(self) -> None:
        if self._other is not None:
            self._other.release("full")

    def hold(self, why: str) -> None:
        self._held_by.add(why)
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def release(self, why: str) -> None:
        self._held_by.discard(why)
        self.resume()

    def resume(self) -> None:
        if not self._held_by and not self.transport.is_closing():
            self.transport.resume_reading()
