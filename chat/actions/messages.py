"""Sending. Editing, deleting and reacting will live here too."""

import re
import unicodedata

from accounts.models import User

from .. import limits
from ..errors import Invalid, TooLong
from ..limits import CLIENT_ID, LIMITS
from ..log import Appended, Draft, append_one

_client_id = re.compile(CLIENT_ID)


def draft_message(
    sender: User, room: str, client_id: str, body: str, reply_to: int | None
) -> Draft:
    """What both doors hand to the log: the text's rules are here and nowhere else.

    Raises Invalid, TooLong or RateLimited.
    """
    limits.messages.take(sender.pk)
    if not _client_id.fullmatch(client_id):
        raise Invalid(fields={"client_id": ["1 to 64 of A-Z a-z 0-9 _ and -."]})
    return Draft(
        room=room,
        sender=sender,
        body=clean_body(body),
        client_id=client_id,
        reply_to=reply_to,
    )


def send_message(
    sender: User,
    room: str,
    *,
    client_id: str,
    body: str,
    reply_to: int | None = None,
) -> Appended:
    """Store one message and announce it; the same client_id again is the same message.

    The socket does not come here: its writer puts many drafts into one transaction.
    """
    return append_one(draft_message(sender, room, client_id, body, reply_to))


def clean_body(body: str) -> str:
    """One form for equal texts (NFC). Raises Invalid or TooLong."""
    # Before normalising too, which takes long for a long text; it may make it longer.
    _check_length(body)
    body = unicodedata.normalize("NFC", body)
    _check_length(body)
    if not body.strip():
        raise Invalid(fields={"body": ["Write something."]})
    # PostgreSQL cannot store NUL; other control characters only serve to deceive.
    if any(is_control(character) for character in body):
        raise Invalid(fields={"body": ["Control characters are not allowed."]})
    return body


def _check_length(body: str) -> None:
    if len(body) > LIMITS.message_characters:
        raise TooLong(f"A message has at most {LIMITS.message_characters} characters.")


def is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t\r"
