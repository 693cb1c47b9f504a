"""Wire shapes of messages, their reactions and files, and pages of them."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ..models import Attachment, Message, Reaction
from ..slash_commands import is_action
from .people import _API, Time, UserPayload, user_payload
from .system_events import SystemEvent, from_column


class ReactionPayload(msgspec.Struct, frozen=True):
    """One emoji on a message: how often, and the ids of who."""

    emoji: str
    count: int
    users: list[str]


class AttachmentPayload(msgspec.Struct, frozen=True):
    """A file. `url` wants the token, or the signature that a link has; what is null
    is there for pictures alone."""

    id: str
    name: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None


class LinkPayload(msgspec.Struct, frozen=True):
    """For `<img src>`: both open without a token, for `expires_in` seconds."""

    url: str
    thumbnail_url: str | None
    expires_in: int


class MessagePayload(msgspec.Struct, frozen=True):
    """One row of a room's log. `event` says what a `system` message is about.

    `is_action`: the body is `/me waves`, to be shown as "* Alice waves"."""

    room: str
    seq: int
    rev: int
    kind: Literal["user", "system"]
    level: Literal["normal", "warning", "alert"]
    sender: UserPayload | None
    body: str
    is_action: bool
    client_id: str | None
    reply_to: int | None
    mentions: list[str]
    reactions: list[ReactionPayload]
    attachments: list[AttachmentPayload]
    created_at: Time
    edited_at: Time | None
    deleted_at: Time | None
    pinned_at: Time | None
    event: SystemEvent | UnsetType = UNSET

    def evicts(self) -> str | None:
        """The reader who gets nothing of the room above this: an id, or GUESTS."""
        return None if self.event is UNSET else self.event.evicts()


class HistoryPayload(msgspec.Struct, frozen=True):
    """A stretch of a room's log, ascending by `seq`."""

    messages: list[MessagePayload]
    has_before: bool
    has_after: bool


class HitPayload(msgspec.Struct, frozen=True):
    """A message that was found. `highlights` are stretches of `snippet`, plain text:
    from a character (a code point) up to before another."""

    message: MessagePayload
    snippet: str
    highlights: list[tuple[int, int]]


class SearchPayload(msgspec.Struct, frozen=True):
    """A page of a search, newest first. `next` is the cursor of the next one.

    A page may be short or empty and still have a next one: so far was searched."""

    hits: list[HitPayload]
    next: str | None


def message_payload(message: Message) -> MessagePayload:
    """Makes no query. Load the message by `whole`; a new one has no related rows."""
    return MessagePayload(
        room=str(message.room_id),
        seq=message.seq,
        rev=message.rev,
        kind=message.kind,  # type: ignore[arg-type]  # the column's choices
        level=message.level,  # type: ignore[arg-type]  # the column's choices
        sender=user_payload(message.sender) if message.sender else None,
        body=message.body,
        is_action=is_action(message.body),
        client_id=message.client_id,
        reply_to=message.reply_to,
        mentions=message.mentions,
        reactions=reaction_payloads(_prefetched(message, "reactions")),
        attachments=attachment_payloads(_prefetched(message, "attachments")),
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
        pinned_at=message.pinned_at,
        event=UNSET if message.event is None else from_column(message.event),
    )


def reaction_payloads(reactions: Iterable[Reaction]) -> list[ReactionPayload]:
    users: dict[str, list[str]] = {}
    for reaction in reactions:
        users.setdefault(reaction.emoji, []).append(str(reaction.user_id))
    return [ReactionPayload(emoji, len(ids), ids) for emoji, ids in users.items()]


def attachment_payloads(attachments: Iterable[Attachment]) -> list[AttachmentPayload]:
    """In the order of their upload, which is that of their ids."""
    ordered = sorted(attachments, key=lambda attachment: attachment.pk)
    return [attachment_payload(attachment) for attachment in ordered]


def attachment_payload(attachment: Attachment) -> AttachmentPayload:
    path = attachment_path(attachment)
    return AttachmentPayload(
        id=str(attachment.pk),
        name=attachment.name,
        content_type=attachment.content_type,
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
        url=path,
        thumbnail_url=f"{path}/thumbnail" if attachment.thumbnail else None,
    )


def attachment_path(attachment: Attachment) -> str:
    return f"{_API}/attachments/{attachment.pk}"


def _prefetched(message: Message, relation: str) -> Iterable[Any]:
    """The related rows that prefetch_related loaded, out of Django's own cache; asking
    the relation itself would make a query for a new message."""
    cache: dict[str, Iterable[Any]] = vars(message).get("_prefetched_objects_cache", {})
    return cache.get(relation, ())
