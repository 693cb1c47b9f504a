"""Texts that begin with a slash and have a meaning; all others are sent as written.

`/pm name text` goes to that person instead of the room. `/me text` is stored as it is,
and clients show it as an action. A text that begins with `//` has no such meaning.
"""

from typing import NamedTuple

from core.errors import Invalid

from .models import Message


class PrivateMessage(NamedTuple):
    name: str
    text: str


def is_private(body: str) -> bool:
    """Whether the body is a `/pm`, complete or not."""
    return body.startswith("/pm") and body.split(maxsplit=1)[0] == "/pm"


def private_message(
    body: str, reply_to: int | None, level: str
) -> PrivateMessage | None:
    """The message in a `/pm`; None when the body is for the room.

    Raises Invalid for a `/pm` that lacks its text, or that has an answer or a level.
    """
    if not is_private(body):
        return None
    parts = body.split(maxsplit=2)
    if len(parts) < 3:
        raise Invalid(fields={"body": ["Write /pm name text."]})
    # Both belong to the room, where the text does not go.
    if reply_to is not None:
        raise Invalid(fields={"reply_to": ["A /pm answers no message of the room."]})
    if level != Message.Level.NORMAL:
        raise Invalid(fields={"level": ["A /pm has no level."]})
    return PrivateMessage(parts[1], parts[2])


def is_action(body: str) -> bool:
    return body.startswith("/me ") and body[4:].strip() != ""
