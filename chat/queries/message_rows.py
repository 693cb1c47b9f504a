"""Messages with all that hangs on them, as payloads made from plain rows.

One query reads a page: what hangs on a message is a column of it, as JSON. Making
models of fifty messages took longer than reading them, and so did two more queries.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from msgspec import UNSET

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

# In the order in which `_payload` takes them.
_COLUMNS = (
    "room_id",
    "seq",
    "rev",
    "kind",
    "level",
    "body",
    "client_id",
    "reply_to",
    "mentions_json",
    "reactions_json",
    "files_json",
    "created_at",
    "edited_at",
    "deleted_at",
    "pinned_at",
    "event_json",
    *(f"sender__{column}" for column in USER_COLUMNS),
)
_FILE = ("id", "name", "content_type", "size", "width", "height", "thumbnail")


def whole(messages: QuerySet[Message], *more: str) -> Rows:
    """The rows that `message_payloads` takes, and after them more columns."""
    reactions = Reaction.objects.filter(message=OuterRef("pk")).order_by("pk")
    files = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
    return messages.annotate(
        mentions_json=Cast("mentions", TextField()),
        event_json=Cast("event", TextField()),
        reactions_json=_Gathered(reactions, "emoji", "user_id"),
        files_json=_Gathered(files, *_FILE),
    ).values_list(*_COLUMNS, *more)


def message_payloads(rows: Iterable[Row]) -> list[MessagePayload]:
    return [_payload(row) for row in rows]


class _Gathered(Subquery):
    """The rows of a subquery as one JSON text: a list of lists, or NULL for none."""

    template = "(SELECT json_group_array(json_array(%(columns)s)) FROM (%(subquery)s))"
    output_field = TextField()

    def __init__(self, rows: QuerySet[Any], *columns: str) -> None:
        super().__init__(rows.values(*columns), columns=", ".join(columns))

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        template = (
            "(SELECT jsonb_agg(jsonb_build_array(%(columns)s))::text"
            " FROM (%(subquery)s) AS found)"
        )
        return self.as_sql(compiler, connection, template=template)


def _payload(row: Row) -> MessagePayload:
    (room, seq, rev, kind, level, body, client_id, reply_to, mentions) = row[:9]
    (reactions, files, created_at, edited_at, deleted_at, pinned_at, event) = row[9:16]
    return MessagePayload(
        str(room),
        seq,
        rev,
        kind,
        level,
        None if row[16] is None else user_of_row(row[16:21]),
        body,
        is_action(body),
        client_id,
        reply_to,
        _decoded(mentions),
        _reactions(_decoded(reactions)),
        [_attachment(file) for file in _decoded(files)],
        created_at,
        edited_at,
        deleted_at,
        pinned_at,
        UNSET if event is None else from_column(msgspec.json.decode(event)),
    )


def _decoded(column: str | None) -> list[Any]:
    # Most messages have none.
    return [] if column in (None, "[]") else msgspec.json.decode(column)


def _reactions(found: Iterable[tuple[str, str]]) -> list[ReactionPayload]:
    users: dict[str, list[str]] = {}
    for emoji, user in found:
        # SQLite keeps ids without hyphens.
        users.setdefault(emoji, []).append(str(UUID(user)))
    return [ReactionPayload(emoji, len(ids), ids) for emoji, ids in users.items()]


def _attachment(file: list[Any]) -> AttachmentPayload:
    return attachment_payload(
        Attachment.from_db("default", _FILE, [UUID(file[0]), *file[1:]])
    )
