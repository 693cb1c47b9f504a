"""A message that is wanted, the row that comes of it, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.actor import Actor
from core.errors import Refusal

from ..access.seat import Seat
from ..events import encode_message
from ..models import Message
from ..payloads.messages import MessagePayload, message_payload, prefetched


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants in a room's log."""

    room: str
    actor: Actor
    body: str = ""
    client_id: str | None = None
    reply_to: int | None = None
    level: str = Message.Level.NORMAL
    # Ids of files that the sender uploaded to the room.
    attachments: Sequence[str] = ()
    # What a system message is about; a person's message has none.
    event: dict[str, Any] | None = None


class Written(NamedTuple):
    message: MessagePayload
    json: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """`json` is `message`, encoded once for the reply and everybody's event."""

    message: MessagePayload
    json: bytes
    duplicate: bool


Outcome = Appended | Refusal


def new_message(seat: Seat, draft: Draft) -> Message:
    return Message(
        room=seat.room,
        seq=seat.room.head_seq,
        rev=seat.room.head_seq,
        kind=Message.Kind.USER if draft.event is None else Message.Kind.SYSTEM,
        sender=seat.user,
        client_id=draft.client_id,
        body=draft.body,
        level=draft.level,
        reply_to=draft.reply_to,
        event=draft.event,
        created_at=timezone.now(),
    )


def says(message: Message, draft: Draft) -> bool:
    """Whether the draft asks for this very message."""
    files = {str(found.pk) for found in prefetched(message).get("attachments", ())}
    return (message.body, message.reply_to, files) == (
        draft.body,
        draft.reply_to,
        set(draft.attachments),
    )


def written(message: Message) -> Written:
    payload = message_payload(message)
    return Written(payload, encode_message(payload))
