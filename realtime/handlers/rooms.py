"""subscribe, unsubscribe, room.join, room.leave."""

from collections.abc import Iterable

from chat import queries
from chat.actions import memberships
from chat.errors import Refusal, TooManyRooms
from chat.events import encode
from chat.limits import LIMITS
from chat.queries.messages import CaughtUp

from .. import frames, metrics
from ..commands import RoomJoin, RoomLeave, Subscribe, Unsubscribe
from ..connection import Connection
from ..database import in_database
from ..denials import record_denial
from ..hub import hub


async def subscribe(connection: Connection, command: Subscribe) -> None:
    """Reply with what was missed; what happens from then on follows as events.

    The feed is joined before the database is read and goes live after the reply was
    written, so every change is in exactly one of the two.
    """
    rooms = {cursor.room: cursor.resume() for cursor in command.rooms}
    if len(rooms.keys() | connection.feeds.keys()) > LIMITS.rooms_per_connection:
        raise TooManyRooms
    feeds = await hub().feeds.open(rooms)
    try:
        for feed in feeds.values():
            feed.join(connection)
        answers = await in_database(
            queries.messages.catch_up, connection.user, list(rooms.values())
        )
    except BaseException:
        _leave(connection, rooms)
        raise
    subscribed = [_subscribed(room, answer) for room, answer in answers.items()]
    connection.write(encode(frames.SubscribeReply(command.ref, subscribed)))
    for room, answer in answers.items():
        if isinstance(answer, Refusal):
            record_denial(connection, command, answer)
        if isinstance(answer, CaughtUp) and room in feeds:
            feeds[room].go_live(connection, answer.head_seq)
        else:
            hub().feeds.leave(connection, room)


async def unsubscribe(connection: Connection, command: Unsubscribe) -> None:
    _leave(connection, command.rooms)
    connection.write(encode(frames.Reply(command.ref)))


async def join(connection: Connection, command: RoomJoin) -> None:
    room = await in_database(memberships.join_room, connection.user, command.room)
    connection.write(encode(frames.RoomReply(command.ref, room)))


async def leave(connection: Connection, command: RoomLeave) -> None:
    room = await in_database(memberships.leave_room, connection.user, command.room)
    connection.write(encode(frames.RoomReply(command.ref, room)))


def _leave(connection: Connection, rooms: Iterable[str]) -> None:
    for room in rooms:
        hub().feeds.leave(connection, room)


def _subscribed(room: str, answer: CaughtUp | Refusal) -> frames.SubscribedRoom:
    metrics.resumes.labels(_result(answer)).inc()
    if isinstance(answer, Refusal):
        return frames.SubscribedRoom(room, error=frames.error_payload(answer))
    return frames.SubscribedRoom(
        room,
        answer.epoch,
        answer.head_seq,
        answer.recovered,
        answer.messages,
        answer.online,
    )


def _result(answer: CaughtUp | Refusal) -> str:
    if isinstance(answer, Refusal):
        return "refused"
    if answer.recovered is None:
        return "new"
    return "recovered" if answer.recovered else "reset"
