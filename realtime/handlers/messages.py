"""message.send and history."""

from msgspec import Raw

from chat import queries
from chat.actions.messages import draft_message
from chat.errors import Invalid
from chat.events import encode

from .. import frames
from ..commands import History, MessageSend
from ..connection import Connection
from ..database import in_database
from ..hub import hub


async def send(connection: Connection, command: MessageSend) -> None:
    """The reply means committed. The event may come before or after it."""
    draft = draft_message(
        connection.user,
        command.room,
        command.client_id,
        command.body,
        command.reply_to,
    )
    sent = await hub().writer.submit(draft)
    reply = frames.MessageReply(command.ref, Raw(sent.json), sent.duplicate)
    connection.write(encode(reply))


async def history(connection: Connection, command: History) -> None:
    cursors = (command.before, command.after, command.around)
    if sum(cursor is not None for cursor in cursors) > 1:
        raise Invalid(fields={"before": ["Give one of before, after and around."]})
    page = await in_database(
        queries.history,
        connection.user,
        command.room,
        before=command.before,
        after=command.after,
        around=command.around,
        limit=command.limit,
    )
    connection.write(encode(frames.HistoryReply.of(command.ref, page)))
