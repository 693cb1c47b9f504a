"""read.mark."""

from chat.actions import reads
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol.commands import ReadMark
from ..protocol.frames import ReadReply


async def mark(connection: Connection, command: ReadMark) -> ReadReply:
    read = await in_database(
        reads.mark_read, connection.actor, command.room, command.seq
    )
    reply = ReadReply(command.ref, read.read_seq, read.unread, read.mentions)
    return connection.reply(reply)
