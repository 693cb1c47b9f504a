"""direct.send."""

from msgspec import Raw

from chat.actions.messages import prepare_direct
from core import limits
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.hub import hub
from ..protocol.commands import DirectSend
from ..protocol.frames import DirectReply


async def send(connection: Connection, command: DirectSend) -> DirectReply:
    """The room of the two people is made when this is their first message."""
    await limits.messages.take_soon(connection.actor.id)
    draft, room = await in_database(
        prepare_direct,
        connection.actor,
        command.to,
        client_id=command.client_id,
        body=command.body,
        attachments=command.attachments,
    )
    sent = await hub().writer.submit(draft)
    reply = DirectReply(command.ref, room, Raw(sent.json), sent.duplicate)
    return connection.reply(reply)
