"""message.send, message.edit, message.delete and history."""

from msgspec import Raw

from accounts.actor import Actor
from chat import queries
from chat.actions.messages import delete_message, edit_message, prepare_send
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from chat.slash_commands import is_private
from core import limits
from core.errors import Invalid
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.hub import hub
from ..protocol.commands import History, MessageDelete, MessageEdit, MessageSend
from ..protocol.frames import ChangeReply, DirectReply, HistoryReply, MessageReply


async def send(
    connection: Connection, command: MessageSend
) -> MessageReply | DirectReply:
    """The reply means committed. The event may come before or after it.

    `/pm name text` is answered as a `direct.send` is.
    """
    actor = connection.actor
    await limits.messages.take_soon(actor.id)
    # Only a `/pm` opens a room; any other message is prepared here, without a thread.
    if is_private(command.body):
        draft, direct = await in_database(_prepared, actor, command)
    else:
        draft, direct = _prepared(actor, command)
    sent = await hub().writer.submit(draft)
    message = Raw(sent.json)
    if direct is None:
        return connection.reply(MessageReply(command.ref, message, sent.duplicate))
    return connection.reply(DirectReply(command.ref, direct, message, sent.duplicate))


def _prepared(actor: Actor, command: MessageSend) -> tuple[Draft, RoomPayload | None]:
    return prepare_send(
        actor,
        command.room,
        client_id=command.client_id,
        body=command.body,
        reply_to=command.reply_to,
        level=command.level,
        attachments=command.attachments,
    )


async def edit(connection: Connection, command: MessageEdit) -> ChangeReply:
    changed = await in_database(
        edit_message, connection.actor, command.room, command.seq, body=command.body
    )
    return connection.reply(ChangeReply(command.ref, Raw(changed.json)))


async def delete(connection: Connection, command: MessageDelete) -> ChangeReply:
    changed = await in_database(
        delete_message, connection.actor, command.room, command.seq
    )
    return connection.reply(ChangeReply(command.ref, Raw(changed.json)))


async def history(connection: Connection, command: History) -> HistoryReply:
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
    reply = HistoryReply(command.ref, page.messages, page.has_before, page.has_after)
    return connection.reply(reply)
