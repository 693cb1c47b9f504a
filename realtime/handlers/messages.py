"""message.send, message.edit, message.delete and history."""

from dataclasses import replace

from msgspec import Raw

from chat import queries
from chat.actions.direct import open_direct_from
from chat.actions.messages import delete_message, draft_message, edit_message
from chat.events import encode
from chat.slash_commands import private_message
from core import limits
from core.errors import Invalid
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.hub import hub
from ..protocol import frames
from ..protocol.commands import (
    History,
    MessageDelete,
    MessageEdit,
    MessageSend,
)


async def send(connection: Connection, command: MessageSend) -> None:
    """The reply means committed. The event may come before or after it.

    `/pm name text` is a `direct.send` and is answered as one.
    """
    await limits.messages.take_soon(connection.actor.id)
    private = private_message(command.body, command.reply_to, command.level)
    draft = draft_message(
        connection.actor,
        command.room,
        client_id=command.client_id,
        body=private.text if private else command.body,
        reply_to=command.reply_to,
        level=command.level,
        attachments=command.attachments,
    )
    reply: frames.MessageReply | frames.DirectReply
    if private is None:
        sent = await hub().writer.submit(draft)
        reply = frames.MessageReply(command.ref, Raw(sent.json), sent.duplicate)
    else:
        room = await in_database(
            open_direct_from, connection.actor, command.room, private.name
        )
        sent = await hub().writer.submit(replace(draft, room=room.id))
        reply = frames.DirectReply(command.ref, room, Raw(sent.json), sent.duplicate)
    connection.write(encode(reply))


async def edit(connection: Connection, command: MessageEdit) -> None:
    changed = await in_database(
        edit_message, connection.actor, command.room, command.seq, body=command.body
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))


async def delete(connection: Connection, command: MessageDelete) -> None:
    changed = await in_database(
        delete_message, connection.actor, command.room, command.seq
    )
    connection.write(encode(frames.ChangeReply(command.ref, Raw(changed.json))))


async def history(connection: Connection, command: History) -> None:
    cursors = (command.before, command.after, command.around)
    if sum(cursor is not None for cursor in cursors) > 1:
        raise Invalid(fields={"before": ["Give one of before, after and around."]})
    page = await in_database(
        queries.messages.history,
        connection.actor,
        command.room,
        before=command.before,
        after=command.after,
        around=command.around,
        limit=command.limit,
    )
    connection.write(encode(frames.HistoryReply.of(command.ref, page)))
