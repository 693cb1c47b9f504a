"""A message that somebody wants, and what is sent of it when it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils import timezone

from accounts.actor import Actor
from core.errors import Refusal

from ..access.seat import Seat
from ..events import encode_message
from ..models import Message
from ..payloads.messages import AttachmentPayload, MessagePayload, message_payload
from ..payloads.people import user_payload
from ..slash_commands import is_action


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that an actor wants in a room's log.

    The log checks every draft under the room's lock, also those of the chat itself.
    System events are no drafts: `say` writes them.
    """

    room: str
    actor: Actor
    body: str = ""
    client_id: str | None = None
    reply_to: int | None = None
    level: str = Message.Level.NORMAL
    # Ids of files that the sender uploaded to the room.
    attachments: Sequence[str] = ()


class Written(NamedTuple):
    """A stored message, and its JSON for the reply and the event alike."""

    message: MessagePayload
    json: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """The same for a draft. `duplicate`: an earlier attempt had stored the message."""

    message: MessagePayload
    json: bytes
    duplicate: bool


Outcome = Appended | Refusal


def new_message(
    seat: Seat, draft: Draft, mentions: list[str], files: list[AttachmentPayload]
) -> Written:
    """The message of the room's latest number, which the caller has just raised."""
    payload = MessagePayload(
        room=draft.room,
        seq=seat.room.head_seq,
        rev=seat.room.head_seq,
        kind="user",
        level=draft.level,  # type: ignore[arg-type]  # the column's choices
        sender=user_payload(seat.user),
        body=draft.body,
        is_action=is_action(draft.body),
        client_id=draft.client_id,
        reply_to=draft.reply_to,
        mentions=mentions,
        reactions=[],
        attachments=files,
        created_at=timezone.now(),
        edited_at=None,
        deleted_at=None,
        pinned_at=None,
    )
    return Written(payload, encode_message(payload))


def says(message: MessagePayload, draft: Draft) -> bool:
    """Whether the draft asks for this very message."""
    files = {file.id for file in message.attachments}
    return (message.body, message.reply_to, files) == (
        draft.body,
        draft.reply_to,
        set(draft.attachments),
    )


def written(message: Message) -> Written:
    payload = message_payload(message)
    return Written(payload, encode_message(payload))
