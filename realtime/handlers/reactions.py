"""reaction.add and reaction.remove."""

from msgspec import Raw

from chat.actions import reactions
from chat.events import encode
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol import frames
from ..protocol.commands import ReactionAdd, ReactionRemove


async def add(connection: Connection, command: ReactionAdd) -> None:
    changed = await in_database(
        reactions.add_reaction,
        connection.actor,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))


async def remove(connection: Connection, command: ReactionRemove) -> None:
    changed = await in_database(
        reactions.remove_reaction,
        connection.actor,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))
