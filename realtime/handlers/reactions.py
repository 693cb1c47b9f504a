"""reaction.add and reaction.remove."""

from msgspec import Raw

from chat.actions import reactions
from chat.events import encode

from .. import frames
from ..commands import ReactionAdd, ReactionRemove
from ..connection import Connection
from ..database import in_database


async def add(connection: Connection, command: ReactionAdd) -> None:
    changed = await in_database(
        reactions.add_reaction,
        connection.user,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))


async def remove(connection: Connection, command: ReactionRemove) -> None:
    changed = await in_database(
        reactions.remove_reaction,
        connection.user,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))
