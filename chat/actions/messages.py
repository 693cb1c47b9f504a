"""Sending, editing and deleting messages."""

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
from ..payloads.rooms import RoomPayload
from ..slash_commands import private_message
from .direct import open_direct, open_direct_from
from .erasing import blank

_client_id = re.compile(CLIENT_ID)


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

    `/pm name text` goes to the room of the two. REST calls this; the socket prepares
    its messages in the same way, but its writer stores many of them in one transaction.
    """
    limits.messages.take(actor.id)
    draft, _ = prepare_send(
        actor,
        room,
        client_id=client_id,
        body=body,
        reply_to=reply_to,
        level=level,
        attachments=attachments,
    )
    return append_one(draft)


def prepare_send(
    actor: Actor,
    room: str,
    *,
    client_id: str,
    body: str,
    reply_to: int | None = None,
    level: str = Message.Level.NORMAL,
    attachments: Sequence[str] = (),
) -> tuple[Draft, RoomPayload | None]:
    """Check a message to a room, and return its draft for the log.

    A `/pm name text` opens the direct room that it goes to, which is returned, too.
    The caller has taken a token of `limits.messages`: with `take` in a thread, with
    `take_soon` on the event loop, which must not wait for Redis.
    Only a body that `is_private` makes this read the database. Every other message may
    be prepared on the event loop.
    Raises Invalid or TooLong, and what `open_direct_from` raises.
    """
    private = private_message(body, reply_to, level)
    if private is None:
        draft = _draft(actor, room, client_id, body, reply_to, level, attachments)
        return draft, None
    text = private.text
    draft = _draft(actor, room, client_id, text, attachments=attachments)
    direct = open_direct_from(actor, room, private.name)
    return replace(draft, room=direct.id), direct


def prepare_direct(
    actor: Actor,
    to: str,
    *,
    client_id: str,
    body: str,
    attachments: Sequence[str] = (),
) -> tuple[Draft, RoomPayload]:
    """Open the room of two, by id or username of the other, and check a message to it.

    The caller has taken a token of `limits.messages`. Reads the database.
    Raises what `open_direct` raises, then Invalid or TooLong.
    """
    room, _ = open_direct(actor, to)
    return _draft(actor, room.id, client_id, body, attachments=attachments), room


def _draft(
    actor: Actor,
    room: str,
    client_id: str,
    body: str,
    reply_to: int | None = None,
    level: str = Message.Level.NORMAL,
    attachments: Sequence[str] = (),
) -> Draft:
    """The rules for what may be in a message: they are here and nowhere else."""
    if not _client_id.fullmatch(client_id):
        raise Invalid(fields={"client_id": ["1 to 64 of A-Z a-z 0-9 _ and -."]})
    text = clean_body(body) if body.strip() or not attachments else ""
    if len(attachments) > LIMITS.attachments_per_message:
        most = LIMITS.attachments_per_message
        raise TooLong(f"A message has at most {most} attachments.")
    if len(set(attachments)) < len(attachments):
        raise Invalid(fields={"attachments": ["Name each file once."]})
    return Draft(
        room=room,
        actor=actor,
        body=text,
        client_id=client_id,
        reply_to=reply_to,
        level=level,
        attachments=attachments,
    )


def clean_body(body: str) -> str:
    """The body in NFC, so that equal texts are equal. Raises Invalid or TooLong."""
    # The length is checked before cleaning, which takes time in proportion to it, and
    # again after cleaning, which can make the text longer.
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
    """Replace the text of the actor's own message; the same text changes nothing.

    Raises Forbidden when the message is somebody else's or too old to be edited.
    """
    limits.messages.take(actor.id)
    body = clean_body(body) if body.strip() else ""

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_edit(seat, message)
        if not body and not message.attachments.exists():
            raise _nothing()
        if message.body == body:
            return None
        message.body = body
        members = Mentionable.read(seat.room.pk, body)
        message.mentions = members.mentioned(seat, body)
        message.edited_at = timezone.now()
        return "message.updated"

    return change(actor, room, seq, edit)


def delete_message(actor: Actor, room: str, seq: int) -> Written:
    """Blank the text and keep the row and its number. Deleting it again is fine."""
    limits.messages.take(actor.id)

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_delete(seat, message)
        if message.deleted_at is not None:
            return None
        blank([message])
        return "message.deleted"

    return change(actor, room, seq, edit)
