"""Carries committed changes to every process: the only sender to the channel layer.

Envelopes go to this process's own hub at once and to the others through the layer; all
that wait share one packet (docs/decisions/0010). After a packet the next one waits for
company, because a packet costs a hundred times as much as an envelope in it
(docs/decisions/0021). The layer is a hint that may lose, double or reorder packets
(channels_redis#96, #89). The hub repairs from the database, so a failure here is only
logged.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

import msgspec
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction

from .envelopes import ORIGIN, Envelope, Packet

logger = logging.getLogger(__name__)

# The group of the hubs of all processes; sockets are in no group.
GROUP = "hubs"
# A process sends at most 50 packets a second, and another process hears of a change at
# most this much later. A change after a quiet moment waits for nothing.
PAUSE_SECONDS = 0.02
_SEND_SECONDS = 1.0
_MAX_WAITING = 10_000
_MAX_PACKET = 500


async def send(packet: Packet) -> None:
    """Hand the packet to the layer. A failure is logged, and the packet is lost."""
    message = {"type": "hub.packet", "packet": msgspec.msgpack.encode(packet)}
    try:
        # A Redis that hangs must not hold up the next packets.
        async with asyncio.timeout(_SEND_SECONDS):
            await channel_layer().group_send(GROUP, message)
    except Exception as error:
        logger.warning("channel layer: %s", type(error).__name__)


async def send_probe() -> None:
    """Send an empty packet, which comes back as long as the layer carries anything."""
    await send(Packet(ORIGIN, time.time(), []))


def channel_layer() -> BaseChannelLayer:
    return cast(BaseChannelLayer, get_channel_layer())


class Publisher:
    """Sends envelopes one after the other on one event loop, from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[Packet], None] | None = None,
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        # Each envelope with the time at which it was committed.
        self._waiting: deque[tuple[float, Envelope]] = deque(maxlen=_MAX_WAITING)
        self._sending: asyncio.Task[None] | None = None
        # How many envelopes were accepted so far, and how many were handed to the layer
        # or dropped.
        self._accepted = 0
        self._handed = 0
        self._has_handed = asyncio.Event()

    def publish(self, envelopes: list[Envelope]) -> None:
        packet = Packet(ORIGIN, time.time(), envelopes)
        self._loop.call_soon_threadsafe(self._accept, packet)

    def _accept(self, packet: Packet) -> None:
        if self._deliver is not None:
            self._deliver(packet)
        self._waiting.extend((packet.committed_at, e) for e in packet.envelopes)
        self._accepted += len(packet.envelopes)
        if self._sending is None:
            self._sending = self._loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), _MAX_PACKET)
                taken = [self._waiting.popleft() for _ in range(size)]
                oldest, _ = taken[0]
                last = self._accepted - len(self._waiting)
                await send(Packet(ORIGIN, oldest, [envelope for _, envelope in taken]))
                self._handed = last
                self._has_handed.set()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._sending = None

    async def flush(self) -> None:
        """Return when everything accepted so far was handed to the layer."""
        last = self._accepted
        while self._handed < last:
            self._has_handed.clear()
            await self._has_handed.wait()


_publisher: Publisher | None = None
_publisher_lock = threading.Lock()


def attach(publisher: Publisher | None) -> None:
    """Use this publisher for the whole process: that of its hub."""
    global _publisher
    with _publisher_lock:
        _publisher = publisher


def publish(envelopes: Iterable[Envelope]) -> None:
    """Send committed changes. Call it from `transaction.on_commit`. It never blocks.

    A process without a hub (a command, a shell) gets one event loop, in a thread.
    `async_to_sync` would make a loop and a Redis connection for each call
    (https://github.com/django/channels_redis/issues/332).
    """
    global _publisher
    with _publisher_lock:
        if _publisher is None:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, daemon=True).start()
            _publisher = Publisher(loop)
        current = _publisher
    current.publish(list(envelopes))


def publish_on_commit(*envelopes: Envelope) -> None:
    """Send these when the current transaction commits; at once when there is none."""
    if envelopes:
        transaction.on_commit(lambda: publish(envelopes))
