"""subscribe and unsubscribe."""

from collections.abc import Iterable

from chat.errors import TooManyRooms
from chat.queries.catching_up import CaughtUp, Resume
from core import metrics
from core.errors import Refusal
from core.limits.table import LIMITS

from ..delivery.connection import Connection
from ..delivery.hub import hub
from ..delivery.readers import Readers
from ..protocol import frames
from ..protocol.commands import Subscribe, Unsubscribe
from ..protocol.frames import Reply, SubscribedRoom, SubscribeReply
from .refusals import log_refusal


async def subscribe(connection: Connection, command: Subscribe) -> SubscribeReply:
    """Reply with the missed changes; later ones follow as events.

    The connection joins the feeds' readers before the database is read and goes live
    after the reply was written, so every change is in exactly one of the two.
    """
    rooms = {cursor.room: cursor.resume() for cursor in command.rooms}
    if len(rooms.keys() | connection.rooms.keys()) > LIMITS.rooms_per_connection:
        raise TooManyRooms
    feeds = await hub().feeds.open(rooms)
    readers = {room: feed.readers for room, feed in feeds.items()}
    try:
        answers = await _catch_up(connection, list(rooms.values()), readers)
    except BaseException:
        _leave(connection, rooms)
        raise
    subscribed = [_subscribed(room, answer) for room, answer in answers.items()]
    reply = connection.reply(SubscribeReply(command.ref, subscribed))
    for room, answer in answers.items():
        if isinstance(answer, Refusal):
            log_refusal(connection, command, answer)
        if isinstance(answer, CaughtUp) and room in readers:
            readers[room].go_live(connection, answer.head_seq)
        else:
            hub().feeds.leave(connection, room)
    return reply


async def _catch_up(
    connection: Connection, resumes: list[Resume], readers: dict[str, Readers]
) -> dict[str, CaughtUp | Refusal]:
    """Read again when a room was reset meanwhile: the feed no longer has the changes
    between the answer and the reset, and a removal may be among them."""
    while True:
        for room in readers.values():
            room.join(connection)
        answers = await hub().feeds.catch_up(connection.actor, resumes)
        if not any(connection in room.must_rejoin for room in readers.values()):
            return answers


async def unsubscribe(connection: Connection, command: Unsubscribe) -> Reply:
    _leave(connection, command.rooms)
    return connection.reply(Reply(command.ref))


def _leave(connection: Connection, rooms: Iterable[str]) -> None:
    for room in rooms:
        hub().feeds.leave(connection, room)


def _subscribed(room: str, answer: CaughtUp | Refusal) -> SubscribedRoom:
    if isinstance(answer, Refusal):
        metrics.resumes.labels("refused").inc()
        return SubscribedRoom(room, error=frames.error_payload(answer))
    results = {None: "new", True: "recovered", False: "reset"}
    metrics.resumes.labels(results[answer.recovered]).inc()
    return SubscribedRoom(
        room,
        answer.epoch,
        answer.head_seq,
        answer.recovered,
        answer.messages,
        answer.online,
    )
