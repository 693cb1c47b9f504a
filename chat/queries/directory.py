"""The directory: the public rooms that a person may see, in pages by name.

A cursor is the folded name that a page ended with. No two public rooms share one, so a
room that is made, deleted or renamed between two pages shifts no other room.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Lower

from accounts.actor import Actor, has_account
from core.errors import Invalid
from core.limits.table import DEFAULT_PAGE, SEARCH_CHARACTERS
from core.text import clean_line

from .. import presence
from ..access.visibility import visible_rooms
from ..models import Membership, Room
from ..payloads.rooms import DirectoryEntry, DirectoryPayload, directory_entry

_MAX_CURSOR = 1_000


def directory(
    actor: Actor,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = DEFAULT_PAGE,
) -> DirectoryPayload:
    """A page of rooms; `search` is a part of the name or of the topic.

    Raises Invalid for a cursor that is no `next` of an answer.
    """
    rooms = visible_rooms(actor).filter(kind=Room.Kind.PUBLIC)
    rooms = rooms.annotate(folded=Lower("name")).order_by("folded")
    if search := clean_line("search", search, SEARCH_CHARACTERS):
        rooms = rooms.filter(Q(name__icontains=search) | Q(topic__icontains=search))
    if cursor is not None:
        rooms = rooms.filter(folded__gt=_name(cursor))
    # One more than asked for tells whether there is a next page.
    page = list(rooms[: limit + 1])
    last = page[limit - 1].folded if len(page) > limit else None
    return DirectoryPayload(
        _entries(actor, page[:limit]), None if last is None else _cursor(last)
    )


def _entries(actor: Actor, rooms: Sequence[Room]) -> list[DirectoryEntry]:
    ids = [room.pk for room in rooms]
    memberships = Membership.objects.filter(room__in=ids)
    mine = {member.room_id: member for member in memberships.filter(user=actor.user)}
    counted = memberships.values("room").annotate(people=Count("pk"))
    members: dict[UUID, int] = dict(counted.values_list("room", "people"))
    online = presence.online_counts(ids) if has_account(actor) else {}
    return [
        directory_entry(
            room, mine.get(room.pk), members.get(room.pk, 0), online.get(room.pk, 0)
        )
        for room in rooms
    ]


def _cursor(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def _name(cursor: str) -> str:
    """The name in a cursor. Any name is a place in the order, even one of no room."""
    try:
        if len(cursor) > _MAX_CURSOR:
            raise ValueError
        name = urlsafe_b64decode(cursor.encode("ascii")).decode()
    except ValueError:
        raise _bad_cursor() from None
    # b64decode skips characters that it does not know; PostgreSQL takes no NUL.
    if _cursor(name) != cursor or "\0" in name:
        raise _bad_cursor()
    return name


def _bad_cursor() -> Invalid:
    return Invalid(fields={"cursor": ["Give back the `next` of an answer."]})
