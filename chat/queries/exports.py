"""Everything that a person made, in pages, for the archive of their data.

The archive never holds what other people wrote. Nor does it hold the name of a room
that the person may not see any more, which may have been renamed since they left.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.actor import Actor

from ..access.visibility import visible_rooms
from ..models import Attachment, Export, Invitation, Message, Reaction
from ..payloads.people import ExportPayload, export_payload
from .rooms import people_of

PAGE = 500

M = TypeVar("M", bound=Model)
Row = dict[str, Any]
Pages = Iterator[list[Row]]


# The files of the archive: each is named after the function that reads its rows.
SECTIONS: dict[str, Callable[[Actor], Pages]] = {}
MESSAGES = "messages"


def section(read: Callable[[Actor], Pages]) -> Callable[[Actor], Pages]:
    SECTIONS[read.__name__] = read
    return read


def export(actor: Actor) -> ExportPayload | None:
    """The latest one that they asked for, until it expires."""
    latest = Export.objects.filter(user=actor.user).first()
    return export_payload(latest) if latest else None


def archive(actor: Actor) -> Export | None:
    """The one that can be downloaded now, if there is one."""
    ready = Export.objects.filter(user=actor.user, state=Export.State.READY)
    return ready.filter(expires_at__gt=timezone.now()).first()


def profile(actor: Actor) -> Row:
    return _columns(
        actor.user,
        "id username display_name status email is_bot is_staff appear_offline"
        " created_at last_seen_at",
    )


def said(actor: Actor) -> QuerySet[Message]:
    return Message.objects.filter(sender=actor.user, kind=Message.Kind.USER)


def uploaded(actor: Actor) -> Iterator[list[Attachment]]:
    return _pages(
        Attachment.objects.filter(uploader=actor.user).select_related("message")
    )


def file_path(attachment: Attachment) -> str:
    """Where the file is in the archive. Names of attachments have no slash."""
    return f"files/{attachment.pk}/{attachment.name}"


@section
def sessions(actor: Actor) -> Pages:
    for page in _pages(actor.user.sessions.all()):
        names = "id user_agent created_at last_used_at ended_at"
        yield [_columns(session, names) for session in page]


@section
def memberships(actor: Actor) -> Pages:
    for page in _pages(actor.user.memberships.select_related("room")):
        names = _room_names(actor, (member.room_id for member in page))
        people = people_of({member.room_id: member.room.kind for member in page})
        yield [
            {
                **_room(member.room_id, names),
                "kind": member.room.kind,
                "people": [p.username for p in people.get(member.room_id, [])],
                **_columns(member, "role notify read_seq muted_until joined_at"),
            }
            for member in page
        ]


@section
def messages(actor: Actor) -> Pages:
    for page in _pages(said(actor).prefetch_related("attachments")):
        names = _room_names(actor, (message.room_id for message in page))
        columns = "seq body level reply_to created_at edited_at deleted_at pinned_at"
        yield [
            {
                **_room(message.room_id, names),
                **_columns(message, columns),
                "attachments": [file.name for file in message.attachments.all()],
            }
            for message in page
        ]


@section
def reactions(actor: Actor) -> Pages:
    rows = Reaction.objects.filter(user=actor.user).select_related("message")
    for page in _pages(rows):
        names = _room_names(actor, (reaction.message.room_id for reaction in page))
        yield [
            {
                **_room(reaction.message.room_id, names),
                "seq": reaction.message.seq,
                **_columns(reaction, "emoji created_at"),
            }
            for reaction in page
        ]


@section
def blocks(actor: Actor) -> Pages:
    for page in _pages(actor.user.blocks.select_related("blocked")):
        yield [
            {
                "user": block.blocked_id,
                "username": block.blocked.username,
                "created_at": block.created_at,
            }
            for block in page
        ]


@section
def invitations(actor: Actor) -> Pages:
    rows = Invitation.objects.filter(inviter=actor.user).select_related("person")
    for page in _pages(rows):
        names = _room_names(actor, (invitation.room_id for invitation in page))
        yield [
            {
                **_room(invitation.room_id, names),
                "person": invitation.person.username if invitation.person else None,
                **_columns(invitation, "max_uses uses expires_at created_at"),
            }
            for invitation in page
        ]


@section
def attachments(actor: Actor) -> Pages:
    for page in uploaded(actor):
        names = _room_names(actor, (file.room_id for file in page))
        yield [
            {
                **_room(file.room_id, names),
                "seq": file.message.seq if file.message else None,
                **_columns(file, "id name content_type size created_at"),
                "path": file_path(file),
            }
            for file in page
        ]


def _pages(rows: QuerySet[M]) -> Iterator[list[M]]:
    """By key, so that rows that come or go in between shift no page."""
    ordered = rows.order_by("pk")
    page = list(ordered[:PAGE])
    while page:
        yield page
        page = list(ordered.filter(pk__gt=page[-1].pk)[:PAGE])


def _columns(row: Model, names: str) -> Row:
    return {name: getattr(row, name) for name in names.split()}


def _room_names(actor: Actor, rooms: Iterable[UUID]) -> dict[UUID, str]:
    visible = visible_rooms(actor).filter(pk__in=set(rooms))
    return dict(visible.values_list("pk", "name"))


def _room(room_id: UUID, names: dict[UUID, str]) -> Row:
    return {"room": room_id, "room_name": names.get(room_id)}
