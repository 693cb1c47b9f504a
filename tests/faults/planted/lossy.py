"""A channel layer that loses, doubles and delays, as its contract lets it."""

import asyncio
import os
import random
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

DROP = float(os.environ.get("HUBBUB_DROP", "0.05"))
DOUBLE = 0.02
DELAY_SECONDS = 0.5


class LossyLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # has no types
    """Only outgoing messages are harmed, in each process by chance of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: set[asyncio.Task[None]] = set()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if random.random() < DROP:
            return
        for _ in range(2 if random.random() < DOUBLE else 1):
            task = asyncio.create_task(self._send_late(group, message))
            self._late.add(task)
            task.add_done_callback(self._late.discard)

    async def _send_late(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(random.uniform(0, DELAY_SECONDS))
        await self._get_layer().group_send(group, message)
