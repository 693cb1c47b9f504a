"""One socket of a person whom the bench measures, over Hubbub's protocol.

Loads come from wsload (bench/generator.py). This client is for people whose answers are
looked at one by one.
"""

import asyncio
import uuid
from typing import cast

import msgspec

from bench import frames
from bench.people import Person
from bench.tally import Tally, now_us


class _Answer(msgspec.Struct):
    """The fields of a frame that the client reads. It skips all others."""

    type: str
    ref: int | None = None
    n: int | None = None
    code: str = ""


_decode = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.encode


class Client(asyncio.Protocol):
    """A person with a socket; `ref` 1 subscribes, every later one sends. `ready` is
    done when it may send messages.

    Every body carries a stamp `~index:microseconds~`, which tells the sender and the
    time. It has no `@`, which a chat server could take for a mention.
    """

    def __init__(self, *, index: int, person: Person, host: str, tally: Tally) -> None:
        self.person = person
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._index = index
        self._host = host
        self._tally = tally
        self._ref = 1
        # A `client_id` must be unique for its sender and room, over all runs too.
        self._run = uuid.uuid4().hex[:20].encode()
        self._upgraded = False
        self._leaving = False
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def send_message(self, stamp_us: int) -> None:
        self._ref += 1
        self._tally.sent += 1
        self.write_text(
            b'{"type":"message.send","ref":%d,"room":"%s","client_id":"%s%012x",'
            b'"body":"~%d:%d~ is anybody there?"}'
            % (
                self._ref,
                self.person.room.encode(),
                self._run,
                self._ref,
                self._index,
                stamp_us,
            )
        )

    def on_text(self, text: bytes) -> None:
        # Nearly all frames are deliveries, which can be told without decoding.
        if text.startswith(b'{"type":"message.created"'):
            self.count_deliveries(text)
            return
        answer = _decode(text)
        if answer.type in ("message.created", "room.changes"):
            self.count_deliveries(text)
        elif answer.type == "reply" and answer.ref == 1:
            self._on_subscribed(text)
        elif answer.type == "ping":
            self.write_text(b'{"type":"pong","n":%d}' % (answer.n or 0))
        elif answer.type == "error":
            self._tally.errors += 1
            self._tally.last_error = answer.code
            self.fail(f"error: {answer.code}")

    def _on_subscribed(self, text: bytes) -> None:
        if b'"error"' in text:
            self.fail(f"not subscribed: {text[:300]!r}")
        else:
            self.ready.set_result(None)

    def write_text(self, text: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frames.encode(frames.TEXT, text))

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
        request = frames.upgrade_request(
            path=f"/ws/v1?token={self.person.token}", host=self._host
        )
        self._transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
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
        rooms = [{"room": self.person.room}]
        self.write_text(_encode({"type": "subscribe", "ref": 1, "rooms": rooms}))
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
