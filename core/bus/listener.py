"""Receives the packets of all processes, and tells whether any still arrive.

The layer is a hint: every failure here is logged and survived, and the check of the
room heads finds the changes that were missed. A Redis that hangs raises no error, so
silence is measured by our own packets, which must come back.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable

from .. import metrics
from . import publisher
from .envelopes import Packet, open_packet

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
PROBE_SECONDS = 0.4
SILENT_SECONDS = 1.0


class Listener:
    """Owned by the hub, which runs `listen` and sends probes."""

    def __init__(self, heard: Callable[[Packet], None]) -> None:
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        # Silent until the first echo: packets of others may be missed before it.
        self._echo_at = -math.inf

    @property
    def silent_seconds(self) -> float:
        """The time since a packet of our own last came back. Any thread may ask."""
        return self._loop.time() - self._echo_at

    @property
    def is_silent(self) -> bool:
        return self.silent_seconds > SILENT_SECONDS

    async def listen(self) -> None:
        """Receive packets for ever.

        Only one task may do this, and nothing may cancel its `receive`: a cancelled one
        loses its packet, and the PubSub layer then forgets the channel altogether.
        """
        layer = publisher.channel_layer()
        channel = ""
        while True:
            try:
                if not channel:
                    new = await layer.new_channel()
                    await layer.group_add(publisher.GROUP, new)
                    channel = new
                message = await layer.receive(channel)
                self._open(message["packet"])
            except Exception as error:
                logger.warning("channel layer: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _open(self, data: bytes) -> None:
        packet = open_packet(data)
        if packet.is_own:
            self._echo_at = self._loop.time()
            if not packet.envelopes:
                metrics.layer_probe.observe(time.time() - packet.committed_at)
        else:
            self._heard(packet)
