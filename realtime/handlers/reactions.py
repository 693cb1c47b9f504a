"""reaction.add and reaction.remove."""

from msgspec import Raw

from chat.actions import reactions
from core.threads import in_database

from ..delivery.connection import Connection
from ..protocol.commands import ReactionAdd, ReactionRemove
from ..protocol.frames import ChangeReply


async def add(connection: Connection, command: ReactionAdd) -> ChangeReply:
    changed = await in_database(
        reactions.add_reaction,
        connection.actor,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    return connection.reply(ChangeReply(command.ref, Raw(changed.json)))


async def remove(connection: Connection, command: ReactionRemove) -> ChangeReply:
    changed = await in_database(
        reactions.remove_reaction,
        connection.actor,
        command.room,
        command.seq,
        emoji=command.emoji,
    )
    return connection.reply(ChangeReply(command.ref, Raw(changed.json)))
