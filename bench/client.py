"""One socket of the load: handshake, framing, stamps. A dialect says what is sent."""

import asyncio
from abc import ABC, abstractmethod
from typing import cast

from bench import frames
from bench.people import Person
from bench.tally import Tally, now_us


class Client(asyncio.Protocol, ABC):
    """A person with a socket. `ready` is done when it may send messages.

    Every body carries a stamp `~index:microseconds~`, which tells the sender and the
    time. It has no `@`, which a chat server could take for a mention.
    """

    def __init__(self, *, index: int, person: Person, host: str, tally: Tally) -> None:
        self.person = person
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent_at = 0
        self.stamp = b""
        self.repeat = False
        self._index = index
        self._host = host
        self._tally = tally
        self._upgraded = False
        self._leaving = False
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    @abstractmethod
    def path(self) -> str: ...

    @abstractmethod
    def on_open(self) -> None: ...

    @abstractmethod
    def on_text(self, text: bytes) -> None: ...

    @abstractmethod
    def message(self, body: bytes) -> bytes: ...

    def send_message(self, stamp_us: int | None = None) -> None:
        self.sent_at = stamp_us or now_us()
        self.stamp = b"~%d:%d~" % (self._index, self.sent_at)
        self._tally.sent += 1
        self.write_text(self.message(self.stamp + b" is anybody there?"))

    def write_text(self, text: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frames.encode(frames.TEXT, text))

    def acknowledge(self) -> None:
        """The message is through. With `repeat` the next one follows at once."""
        self._tally.acknowledged += 1
        self._tally.reply_us.append(now_us() - self.sent_at)
        self.sent_at = 0
        if self.repeat:
            self.send_message()

    def count_deliveries(self, text: bytes) -> None:
        """Count every stamp, because one frame may bring several messages."""
        now = now_us()
        start = text.find(b"~")
        while start >= 0:
            colon = text.index(b":", start)
            end = text.index(b"~", colon)
            self._tally.delivered += 1
            self._tally.delivery_us.append(now - int(text[colon + 1 : end]))
            start = text.find(b"~", end + 1)

    def close(self) -> None:
        self._leaving = True
        if self._transport is not None:
            self._transport.write(frames.encode(frames.CLOSE, b"\x03\xe8"))
            self._transport.close()

    def fail(self, reason: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(reason))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        request = frames.upgrade_request(path=self.path(), host=self._host)
        self._transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.sent_at = 0
        self.fail("closed before it was ready")
        if not self._leaving:
            self._tally.closed += 1

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            data = self._upgrade(data)
        whole, self._rest = frames.split(data)
        for first, payload in whole:
            if first == frames.TEXT:
                self.on_text(payload)
            else:
                self._on_other(first, payload)

    def _upgrade(self, data: bytes) -> bytes:
        """Take the answer to the handshake, and return the frames after it."""
        head, blank, rest = data.partition(b"\r\n\r\n")
        if not blank:
            self._rest = data
            return b""
        if b" 101 " not in head.split(b"\r\n", 1)[0] + b" ":
            self.fail(f"refused: {head[:200]!r}")
            return b""
        self._upgraded = True
        self.on_open()
        return rest

    def _on_other(self, first: int, payload: bytes) -> None:
        if first == frames.PING and self._transport is not None:
            self._transport.write(frames.encode(frames.PONG, payload))
        elif first == frames.CLOSE:
            self._tally.last_error = f"closed by the server: {payload!r}"
            self.fail(self._tally.last_error)
        elif first != frames.PONG:
            # No server here splits a message, so half of one must not be counted.
            self._tally.errors += 1
            self._tally.last_error = f"unexpected frame 0x{first:02x}"
