"""Messages with all that hangs on them, from plain rows: Django makes no models of them.

A page of fifty took longer to become models than to be read from the database.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import BigAutoField, QuerySet
from msgspec import UNSET

from core.compiled import Among, compiled

from ..models import Attachment, Message, Reaction
from ..payloads.messages import (
    AttachmentPayload,
    MessagePayload,
    ReactionPayload,
    attachment_payload,
)
from ..payloads.people import USER_COLUMNS, user_of_row
from ..payloads.system_events import from_column
from ..slash_commands import is_action

Row = tuple[Any, ...]
Rows = QuerySet[Message, Row]

_COLUMNS = (
    "pk",
    "room_id",
    "seq",
    "rev",
    "kind",
    "level",
    "body",
    "client_id",
    "reply_to",
    "mentions",
    "created_at",
    "edited_at",
    "deleted_at",
    "pinned_at",
    "event",
    *(f"sender__{column}" for column in USER_COLUMNS),
)
_ATTACHMENT = [field.attname for field in Attachment._meta.concrete_fields]


def whole(messages: QuerySet[Message]) -> Rows:
    """The rows that `message_payloads` takes."""
    return messages.values_list(*_COLUMNS)


def message_payloads(rows: Sequence[Row]) -> list[MessagePayload]:
    """With what hangs on the messages, which two queries read for all of them."""
    if not rows:
        return []
    keys = [row[0] for row in rows]
    reactions, files = _reactions(keys), _attachments(keys)
    return [
        _payload(row, reactions.get(row[0], []), files.get(row[0], [])) for row in rows
    ]


def _payload(
    row: Row, reactions: list[ReactionPayload], attachments: list[AttachmentPayload]
) -> MessagePayload:
    (_, room, seq, rev, kind, level, body, client_id, reply_to, mentions) = row[:10]
    (created_at, edited_at, deleted_at, pinned_at, event, sender) = row[10:16]
    return MessagePayload(
        str(room),
        seq,
        rev,
        kind,
        level,
        None if sender is None else user_of_row(row[15:]),
        body,
        is_action(body),
        client_id,
        reply_to,
        mentions,
        reactions,
        attachments,
        created_at,
        edited_at,
        deleted_at,
        pinned_at,
        UNSET if event is None else from_column(event),
    )


def _reactions(keys: list[int]) -> dict[int, list[ReactionPayload]]:
    found: dict[int, dict[str, list[str]]] = {}
    for key, emoji, user in _reaction_rows().rows(messages=keys):
        found.setdefault(key, {}).setdefault(emoji, []).append(str(user))
    return {
        key: [ReactionPayload(emoji, len(ids), ids) for emoji, ids in by_emoji.items()]
        for key, by_emoji in found.items()
    }


def _attachments(keys: list[int]) -> dict[int, list[AttachmentPayload]]:
    """In the order of their upload, which is that of their ids."""
    found: dict[int, list[AttachmentPayload]] = {}
    for row in _attachment_rows().rows(messages=keys):
        file = Attachment.from_db("default", _ATTACHMENT, row)
        found.setdefault(file.message_id, []).append(attachment_payload(file))
    return found


@compiled
def _reaction_rows() -> QuerySet[Reaction, tuple[Any, ...]]:
    rows = Reaction.objects.filter(Among("message_id", "messages", BigAutoField()))
    return rows.order_by("pk").values_list("message_id", "emoji", "user_id")


@compiled
def _attachment_rows() -> QuerySet[Attachment, tuple[Any, ...]]:
    rows = Attachment.objects.filter(Among("message_id", "messages", BigAutoField()))
    return rows.order_by("pk").values_list(*_ATTACHMENT)
