"""A consumer in a group: one channel and one group membership for each socket.

It follows part 3 of Channels' own tutorial, with a name and, if wanted, storage.
Do not improve it: Hubbub is compared with the tutorials as they are.
"""

import json
import os
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from bench.naive.models import Message

# Most tutorials store nothing. With this a message is stored before it is sent.
STORES = os.environ.get("BASELINE_STORES") == "1"


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room_group_name = f"chat_{self.room_name}"
        query = parse_qs(self.scope["query_string"].decode())
        self.username = query["username"][0]
        await self.channel_layer.group_add(self.room_group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room_group_name, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        message = json.loads(text_data or "{}")["message"]
        if STORES:
            await self.save_message(message)
        await self.channel_layer.group_send(
            self.room_group_name,
            {"type": "chat.message", "message": message, "username": self.username},
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        answer = {"message": event["message"], "username": event["username"]}
        await self.send(text_data=json.dumps(answer))

    @database_sync_to_async
    def save_message(self, message: str) -> None:
        Message.objects.create(
            room=self.room_name, username=self.username, content=message
        )
