"""This process's one channel of the channel layer, and the groups that it is in.

The layer is a hint: every failure here is logged and survived. A group that could not
be joined is joined later, and until then the check of the heads finds what was missed.
"""

import asyncio
import logging
from collections.abc import Callable

from chat import broadcast
from chat.broadcast import Envelope

logger = logging.getLogger(__name__)

# A Redis that hangs must not hold up who subscribes.
TIMEOUT_SECONDS = 2.0
RETRY_SECONDS = 1.0


class Ear:
    """Hears for the whole process; what it hears goes to `heard`."""

    def __init__(self, heard: Callable[[Envelope], None]) -> None:
        self._heard = heard
        self._layer = broadcast.channel_layer()
        self._channel = ""
        self._connected = asyncio.Event()
        self._joined: set[str] = set()
        # Joining and leaving the same group at once must not overtake each other.
        self._grouping = asyncio.Lock()

    async def listen(self) -> None:
        """The one reader. Never cancelled: a cancelled receive loses what it had, and
        the PubSub layer then forgets the channel altogether."""
        while True:
            try:
                if not self._connected.is_set():
                    self._channel = await self._layer.new_channel()
                    self._connected.set()
                    await self.join(broadcast.PEOPLE_GROUP)
                message = await self._layer.receive(self._channel)
                envelope = broadcast.open_packet(message["packet"])
                if envelope is not None:
                    self._heard(envelope)
            except Exception as error:
                _log(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def join(self, group: str) -> None:
        """Hear this group from now on; being in it already is fine."""
        if group in self._joined:
            return
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._grouping:
                await self._connected.wait()
                await self._layer.group_add(group, self._channel)
                self._joined.add(group)
        except Exception as error:
            _log(error)

    async def leave(self, group: str, *, is_wanted: Callable[[], bool]) -> None:
        """Unless somebody came back while we waited for our turn."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._grouping:
                if not is_wanted():
                    self._joined.discard(group)
                    await self._layer.group_discard(group, self._channel)
        except Exception as error:
            _log(error)


def _log(error: Exception) -> None:
    logger.warning("channel layer: %s: %s", type(error).__name__, error)
