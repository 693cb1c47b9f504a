"""From a committed change out to every process: the only sender to the channel layer.

Envelopes go to this process's own hub at once and to the others through the layer, all
that wait in one packet (docs/decisions/0010). The layer is a hint that may lose, double
or reorder (channels_redis#96, #89): the hub repairs from the database, so a failure
here is logged and forgotten.
"""

import asyncio
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

import msgspec
from channels.layers import BaseChannelLayer, get_channel_layer

from .events import Change

logger = logging.getLogger(__name__)

# The hubs of all processes are in this group, and nobody else.
GROUP = "hubs"
# Which process a packet comes from: its own hub has it already.
ORIGIN = secrets.token_hex(8)
_SEND_SECONDS = 1.0
_MAX_WAITING = 10_000
_MAX_PACKET = 500


class RoomChanged(msgspec.Struct, frozen=True, tag="room", array_like=True):
    room: str
    epoch: str
    changes: list[Change]


class ToPerson(msgspec.Struct, frozen=True, tag="person", array_like=True):
    """A volatile event for all connections of one person."""

    user: str
    text: str


class ToEverybody(msgspec.Struct, frozen=True, tag="everybody", array_like=True):
    """A volatile event for all connections, or for those of staff alone."""

    staff_only: bool
    text: str


class ToRoom(msgspec.Struct, frozen=True, tag="volatile", array_like=True):
    """A volatile event for whoever is subscribed to the room."""

    room: str
    text: str


class PersonChanged(msgspec.Struct, frozen=True, tag="presence", array_like=True):
    """A volatile event about a person, once to each who reads one of their rooms."""

    rooms: list[str]
    text: str


class EndSessions(msgspec.Struct, frozen=True, tag="end", array_like=True):
    """Close a person's connections: of one session, or of all (None)."""

    user: str
    session: str | None


class Opened(msgspec.Struct, frozen=True, tag="opened", array_like=True):
    """When a process's sockets of one person were opened: they are counted together."""

    user: str
    process: str
    times: list[float]
    is_answer: bool


Envelope = (
    RoomChanged | ToRoom | ToPerson | ToEverybody | PersonChanged | EndSessions | Opened
)


class _Packet(msgspec.Struct, frozen=True, array_like=True):
    origin: str
    envelopes: list[Envelope]


_decoder = msgspec.msgpack.Decoder(_Packet)


def open_packet(packet: bytes) -> list[Envelope]:
    """What the layer brought; nothing of what this process sent itself."""
    opened = _decoder.decode(packet)
    return [] if opened.origin == ORIGIN else opened.envelopes


def channel_layer() -> BaseChannelLayer:
    return cast(BaseChannelLayer, get_channel_layer())


class Publisher:
    """Sends envelopes one after the other on one event loop, from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[Envelope], None] | None = None,
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._waiting: deque[Envelope] = deque(maxlen=_MAX_WAITING)
        self._sending: asyncio.Task[None] | None = None

    def publish(self, envelopes: list[Envelope]) -> None:
        self._loop.call_soon_threadsafe(self._accept, envelopes)

    def _accept(self, envelopes: list[Envelope]) -> None:
        if self._deliver is not None:
            for envelope in envelopes:
                self._deliver(envelope)
        self._waiting.extend(envelopes)
        if self._sending is None:
            self._sending = self._loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), _MAX_PACKET)
                await self._send([self._waiting.popleft() for _ in range(size)])
        finally:
            self._sending = None

    async def _send(self, envelopes: list[Envelope]) -> None:
        packet = msgspec.msgpack.encode(_Packet(ORIGIN, envelopes))
        message = {"type": "hub.packet", "packet": packet}
        try:
            # A Redis that hangs must not hold up what comes after.
            async with asyncio.timeout(_SEND_SECONDS):
                await channel_layer().group_send(GROUP, message)
        except Exception as error:
            logger.warning("channel layer: %s: %s", type(error).__name__, error)

    async def flush(self) -> None:
        """Return when everything accepted so far was handed to the layer."""
        while self._sending is not None:
            await asyncio.wait([self._sending])


_publisher: Publisher | None = None
_publisher_lock = threading.Lock()


def attach(publisher: Publisher | None) -> None:
    """The process's hub makes its own publisher the one that is used."""
    global _publisher
    with _publisher_lock:
        _publisher = publisher


def publish(envelopes: Iterable[Envelope]) -> None:
    """Send what was committed. Call it from `transaction.on_commit`; never blocks."""
    _current().publish(list(envelopes))


def _current() -> Publisher:
    """A process without sockets (a command, a shell) gets one loop, in a thread.

    Not `async_to_sync` for each call: it makes a loop and a Redis connection each time
    (https://github.com/django/channels_redis/issues/332).
    """
    global _publisher
    with _publisher_lock:
        if _publisher is None:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, daemon=True).start()
            _publisher = Publisher(loop)
        return _publisher
