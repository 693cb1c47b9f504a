"""ping: a client asks whether the server is there. The consumer handles `pong`."""

from django.utils import timezone

from ..delivery.connection import Connection
from ..protocol.commands import Ping
from ..protocol.frames import PongReply


async def ping(connection: Connection, command: Ping) -> PongReply:
    """Answered during the grace after a token's end, too."""
    return connection.reply(PongReply(command.ref, timezone.now()), always=True)
