"""The directory: the public rooms that a person may see, in pages by name.

A cursor is the folded name that a page ended with. No two public rooms share one, so a
room that is made, deleted or renamed between two pages shifts no other room.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, FilteredRelation, Q, QuerySet, TextField, UUIDField
from django.db.models.functions import Lower

from accounts.actor import Actor, Scope, check_scope, has_account
from core.bus.envelopes import Audience
from core.compiled import Among, Given, compiled
from core.errors import Invalid
from core.limits.table import DEFAULT_PAGE, SEARCH_CHARACTERS
from core.text import clean_line

from .. import presence
from ..access.visibility import rooms_open_to
from ..models import Membership, Room
from ..payloads.rooms import (
    OWN_COLUMNS,
    ROOM_COLUMNS,
    DirectoryEntry,
    DirectoryPayload,
    directory_entry,
)

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
    wanted = clean_line("search", search, SEARCH_CHARACTERS)
    after = None if cursor is None else _name(cursor)
    # Refuses a token that may not read.
    check_scope(actor, Scope.READ)
    pages = _pages(actor.user.audience, bool(wanted), after is not None)
    # One more than asked for tells whether there is a next page.
    page = pages.rows(limit + 1, user=actor.id, search=wanted, after=after)
    last = page[limit - 1][-1] if len(page) > limit else None
    return DirectoryPayload(
        _entries(actor, page[:limit]), None if last is None else _cursor(last)
    )


@compiled
def _pages(
    audience: Audience, searching: bool, going_on: bool
) -> QuerySet[Room, tuple[Any, ...]]:
    """The rooms, the person's membership of each or NULLs, and the folded name."""
    user = Given("user", UUIDField())
    rooms = rooms_open_to(audience, user).filter(kind=Room.Kind.PUBLIC)
    rooms = rooms.annotate(folded=Lower("name")).order_by("folded")
    if searching:
        part = Given("search", TextField())
        rooms = rooms.filter(Q(name__icontains=part) | Q(topic__icontains=part))
    if going_on:
        rooms = rooms.filter(folded__gt=Given("after", TextField()))
    of_user = Q(memberships__user=user)
    rooms = rooms.annotate(mine=FilteredRelation("memberships", condition=of_user))
    own = [f"mine__{column}" for column in OWN_COLUMNS]
    return rooms.values_list(*ROOM_COLUMNS, *own, "folded")


def _entries(actor: Actor, rooms: Sequence[tuple[Any, ...]]) -> list[DirectoryEntry]:
    ids = [room[0] for room in rooms]
    members: dict[UUID, int] = dict(_member_counts().rows(rooms=ids))
    online = presence.online_counts(ids) if has_account(actor) else {}
    split = len(ROOM_COLUMNS)
    return [
        directory_entry(
            room[:split],
            room[split:-1],
            members.get(room[0], 0),
            online.get(room[0], 0),
        )
        for room in rooms
    ]


@compiled
def _member_counts() -> QuerySet[Membership, tuple[UUID, int]]:
    members = Membership.objects.filter(Among("room_id", "rooms", UUIDField()))
    counted = members.values("room_id").annotate(people=Count("pk"))
    return counted.values_list("room_id", "people")


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
