"""direct.send."""

from msgspec import Raw

from chat.actions.direct import open_direct
from chat.actions.messages import draft_message
from chat.events import encode
from core import limits
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.hub import hub
from ..protocol import frames
from ..protocol.commands import DirectSend


async def send(connection: Connection, command: DirectSend) -> None:
    """The room of the two is made when this is their first message."""
    await limits.messages.take_soon(connection.actor.id)
    room, _ = await in_database(open_direct, connection.actor, command.to)
    draft = draft_message(
        connection.actor,
        room.id,
        client_id=command.client_id,
        body=command.body,
        attachments=command.attachments,
    )
    sent = await hub().writer.submit(draft)
    reply = frames.DirectReply(command.ref, room, Raw(sent.json), sent.duplicate)
    connection.write(encode(reply))
