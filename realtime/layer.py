"""This process's one channel of the channel layer.

The layer is a hint: every failure here is logged and survived, and what was missed is
found by the check of the heads.
"""

import asyncio
import logging
from collections.abc import Callable

from chat import broadcast
from chat.broadcast import Envelope

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


async def listen(heard: Callable[[Envelope], None]) -> None:
    """Hear what the other processes say, for ever.

    The one reader, and never cancelled: a cancelled receive loses what it had, and the
    PubSub layer then forgets the channel altogether.
    """
    layer = broadcast.channel_layer()
    channel = ""
    while True:
        try:
            if not channel:
                new = await layer.new_channel()
                await layer.group_add(broadcast.GROUP, new)
                channel = new
            message = await layer.receive(channel)
            for envelope in broadcast.open_packet(message["packet"]):
                heard(envelope)
        except Exception as error:
            logger.warning("channel layer: %s: %s", type(error).__name__, error)
            await asyncio.sleep(RETRY_SECONDS)
