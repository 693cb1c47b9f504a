"""read.mark."""

from chat.actions import reads
from chat.events import encode
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol import frames
from ..protocol.commands import ReadMark


async def mark(connection: Connection, command: ReadMark) -> None:
    read = await in_database(
        reads.mark_read, connection.actor, command.room, command.seq
    )
    reply = frames.ReadReply(command.ref, read.read_seq, read.unread, read.mentions)
    connection.write(encode(reply))
