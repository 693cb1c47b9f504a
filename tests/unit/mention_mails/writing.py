"""Messages for the mention mailer, and its turns."""

from collections.abc import Callable, Iterator

from accounts.models import User
from chat.actions.messages import send_message
from chat.followers.runner import Runner
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from tests.people import acting

Later = Callable[[float], list[str]]


def follow(runner: Runner) -> None:
    runner._poll_at = 0.0
    runner.turn()


_keys: Iterator[int] = iter(range(1_000_000))


def say(user: User, room: RoomPayload, body: str = "look, @bob") -> MessagePayload:
    key = f"key-{next(_keys)}"
    return send_message(acting(user), room.id, client_id=key, body=body).message
