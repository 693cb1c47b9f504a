"""Sending, editing, deleting and pinning messages."""

import re
from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from accounts.actor import Actor
from core import limits
from core.bus.envelopes import EventName
from core.errors import Invalid, TooLong
from core.limits.table import CLIENT_ID, LIMITS
from core.text import clean_prose

from ..access.messages import check_delete, check_edit
from ..access.seat import Seat
from ..log.append import append_one, change
from ..log.draft import Appended, Draft, Written
from ..mentions import Mentionable
from ..models import Message
from ..slash_commands import private_message
from .direct import open_direct_from
from .erasing import blank

_client_id = re.compile(CLIENT_ID)


def draft_message(
    actor: Actor,
    room: str,
    *,
    client_id: str,
    body: str,
    reply_to: int | None = None,
    level: str = Message.Level.NORMAL,
    attachments: Sequence[str] = (),
) -> Draft:
    """What both doors hand to the log: the text's rules are here and nowhere else.

    Raises Invalid or TooLong. It runs on the event loop too, where `limits.messages`
    must not wait for Redis: whoever calls takes a token first.
    """
    if not _client_id.fullmatch(client_id):
        raise Invalid(fields={"client_id": ["1 to 64 of A-Z a-z 0-9 _ and -."]})
    return Draft(
        room=room,
        actor=actor,
        body=clean_body(body) if body.strip() or not attachments else "",
        client_id=client_id,
        reply_to=reply_to,
        level=level,
        attachments=_checked(attachments),
    )


def send_message(
    actor: Actor,
    room: str,
    *,
    client_id: str,
    body: str,
    reply_to: int | None = None,
    level: str = Message.Level.NORMAL,
    attachments: Sequence[str] = (),
) -> Appended:
    """Store one message and announce it; the same client_id again is the same message.

    `/pm name text` goes to the room of the two. The socket does not come here: its
    writer puts many drafts into one transaction.
    """
    limits.messages.take(actor.id)
    private = private_message(body, reply_to, level)
    draft = draft_message(
        actor,
        room,
        client_id=client_id,
        body=private.text if private else body,
        reply_to=reply_to,
        level=level,
        attachments=attachments,
    )
    if private:
        direct = open_direct_from(actor, room, private.name)
        draft = replace(draft, room=direct.id)
    return append_one(draft)


def _checked(attachments: Sequence[str]) -> Sequence[str]:
    if len(attachments) > LIMITS.attachments_per_message:
        most = LIMITS.attachments_per_message
        raise TooLong(f"A message has at most {most} attachments.")
    if len(set(attachments)) < len(attachments):
        raise Invalid(fields={"attachments": ["Name each file once."]})
    return attachments


def clean_body(body: str) -> str:
    """One form for equal texts (NFC). Raises Invalid or TooLong."""
    # Before cleaning, which takes longer for a longer text, and after, since it grows.
    _check_length(body)
    body = clean_prose("body", body)
    _check_length(body)
    if not body.strip():
        raise _nothing()
    return body


def _nothing() -> Invalid:
    return Invalid(fields={"body": ["Write something."]})


def _check_length(body: str) -> None:
    if len(body) > LIMITS.message_characters:
        raise TooLong(f"A message has at most {LIMITS.message_characters} characters.")


def edit_message(actor: Actor, room: str, seq: int, *, body: str) -> Written:
    """Raises Forbidden when it is somebody else's, or too late."""
    limits.messages.take(actor.id)
    body = clean_body(body) if body.strip() else ""

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_edit(seat, message)
        if not body and not message.attachments.exists():
            raise _nothing()
        if message.body == body:
            return None
        message.body = body
        message.mentions = Mentionable.read([seat.room.pk], [body]).mentioned(
            seat, body
        )
        message.edited_at = timezone.now()
        return "message.updated"

    return change(actor, room, seq, edit)


def delete_message(actor: Actor, room: str, seq: int) -> Written:
    """The text goes, the row and its number stay. Deleting it again is fine."""
    limits.messages.take(actor.id)

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_delete(seat, message)
        if message.deleted_at is not None:
            return None
        blank([message])
        return "message.deleted"

    return change(actor, room, seq, edit)
