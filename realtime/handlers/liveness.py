"""ping: the client's own question whether we are there (`pong` never gets here)."""

from django.utils import timezone

from chat.events import encode

from ..delivery.connection import Connection
from ..protocol import frames
from ..protocol.commands import Ping


async def ping(connection: Connection, command: Ping) -> None:
    reply = frames.PongReply(command.ref, timezone.now())
    connection.write(encode(reply), always=True)
