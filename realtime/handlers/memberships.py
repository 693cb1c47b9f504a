"""room.join and room.leave."""

from chat.actions import memberships
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol.commands import RoomJoin, RoomLeave
from ..protocol.frames import RoomReply


async def join(connection: Connection, command: RoomJoin) -> RoomReply:
    room = await in_database(memberships.join_room, connection.actor, command.room)
    return connection.reply(RoomReply(command.ref, room))


async def leave(connection: Connection, command: RoomLeave) -> RoomReply:
    room = await in_database(memberships.leave_room, connection.actor, command.room)
    return connection.reply(RoomReply(command.ref, room))
