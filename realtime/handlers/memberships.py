"""room.join and room.leave."""

from chat.actions import memberships
from chat.events import encode
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol import frames
from ..protocol.commands import RoomJoin, RoomLeave


async def join(connection: Connection, command: RoomJoin) -> None:
    room = await in_database(memberships.join_room, connection.actor, command.room)
    connection.write(encode(frames.RoomReply(command.ref, room)))


async def leave(connection: Connection, command: RoomLeave) -> None:
    room = await in_database(memberships.leave_room, connection.actor, command.room)
    connection.write(encode(frames.RoomReply(command.ref, room)))
