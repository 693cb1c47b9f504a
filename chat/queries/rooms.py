"""Rooms as a person sees them: all of their own, or one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import (
    BigAutoField,
    Case,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    When,
)
from django.db.models.functions import Least

from accounts.actor import Actor, Scope, check_scope, has_account
from core.bus.envelopes import Audience
from core.compiled import Among, Given, compiled
from core.ids import known_uuids
from core.limits.table import MAX_UNREAD

from ..access.rooms import access_named, access_room, access_update
from ..access.visibility import is_open_to
from ..models import Membership, Mention, Message, Room
from ..payloads.people import USER_COLUMNS, UserPayload, user_of_row
from ..payloads.rooms import (
    NAMED_BY_PEOPLE,
    OWN_COLUMNS,
    ROOM_COLUMNS,
    ReadPayload,
    RoomPayload,
    room_of_row,
    room_payload,
)

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)

_READ = ("read_seq", "unread", "mentions")
_OWN_ROOM = (*(f"room__{column}" for column in ROOM_COLUMNS), *OWN_COLUMNS, *_READ)
_USER = Given("user", UUIDField())
_MEMBERSHIP = Given("membership", BigAutoField())

# The newest messages among which those of others are counted.
LOOKED_AT = 5 * MAX_UNREAD


def rooms_of(actor: Actor) -> list[RoomPayload]:
    """The rooms that this person belongs to, by name, with what is unread."""
    check_scope(actor, Scope.READ)
    if not has_account(actor):
        return []
    rows = _own_rooms(actor.user.audience).rows(user=actor.id)
    return _payloads(sorted(rows, key=lambda row: (row[2].lower(), row[0])))


def read_state(membership: Membership) -> ReadPayload:
    """How far its person has read; nothing is unread once they have left the room."""
    rows = _counts().rows(user=membership.user_id, membership=membership.pk)
    return ReadPayload(*rows[0]) if rows else ReadPayload(membership.read_seq, 0, 0)


def own_room(membership: Membership) -> RoomPayload | None:
    """The room as its member sees it now; None when they have left it."""
    rows = _own_room().rows(user=membership.user_id, membership=membership.pk)
    return _payloads(rows)[0] if rows else None


def room(actor: Actor, room_id: str) -> RoomPayload:
    """One room. Raises RoomNotFound."""
    seat = access_room(actor, room_id)
    return shown_room(seat.room, seat.membership)


def check_change(actor: Actor, room_id: str, fields: Iterable[str]) -> None:
    """For a door, before it reads a picture that would change these fields.

    Raises RoomNotFound or Forbidden.
    """
    access_update(actor, room_id, fields)


def room_by_name(actor: Actor, name: str) -> RoomPayload:
    """A public room by its name, in any case of its letters. Raises RoomNotFound."""
    seat = access_named(actor, name)
    return shown_room(seat.room, seat.membership)


def shown_room(room: Room, membership: Membership | None) -> RoomPayload:
    """The room as this member sees it; without a membership, as everybody does."""
    read = None if membership is None else read_state(membership)
    people = people_of({room.pk: room.kind}).get(room.pk)
    return room_payload(room, membership, read, people)


def heads(room_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """`head_seq` and `epoch` by room: what the hub compares its own numbers with."""
    rows = Room.objects.filter(pk__in=known_uuids(room_ids))
    return {
        str(pk): (head, epoch)
        for pk, head, epoch in rows.values_list("pk", "head_seq", "epoch")
    }


@compiled
def _own_rooms(audience: Audience) -> QuerySet[Membership, Row]:
    mine = _with_counts(_USER).filter(is_open_to(audience, "room__"))
    return mine.values_list(*_OWN_ROOM)


@compiled
def _own_room() -> QuerySet[Membership, Row]:
    return _with_counts(_USER).filter(pk=_MEMBERSHIP).values_list(*_OWN_ROOM)


@compiled
def _counts() -> QuerySet[Membership, Row]:
    return _with_counts(_USER).filter(pk=_MEMBERSHIP).values_list(*_READ)


def _with_counts(user: UUID | Given) -> QuerySet[Membership]:
    """This person's memberships, each with the number of others' unread messages.
    An index answers each count. The only rows in it that do not count are the person's
    own, and LOOKED_AT bounds how many of those a count passes over.
    """
    since = Q(room=OuterRef("room"), seq__gt=OuterRef("read_seq"))
    said = Message.objects.filter(since, kind=Message.Kind.USER, deleted_at=None)
    said = said.order_by("-seq")
    # By the user too: behind a column that is NULL, PostgreSQL uses no index's order.
    meant = Mention.objects.filter(since).order_by("-user_id", "-seq")
    of_me, of_all = meant.filter(user=user), meant.filter(user=None)
    mentions = _count(of_me, user) + _count(of_all, user)
    return Membership.objects.filter(user=user).annotate(
        unread=_count(said, user), mentions=Least(mentions, MAX_UNREAD)
    )


def _count(rows: QuerySet[M], user: UUID | Given) -> Subquery:
    is_mine = Case(When(sender=user, then=1), default=0)
    newest = rows.annotate(mine=is_mine).values("mine")
    return _Count(newest[:LOOKED_AT], most=MAX_UNREAD, output_field=IntegerField())


class _Count(Subquery):
    """How many rows of a subquery are not the reader's own, up to `most`."""

    template = (
        "(SELECT COUNT(*) FROM (SELECT 1 FROM (%(subquery)s) AS newest"
        " WHERE mine = 0 LIMIT %(most)s) AS counted)"
    )


def _payloads(rows: Sequence[Row]) -> list[RoomPayload]:
    people = people_of({row[0]: row[1] for row in rows})
    split, end = len(ROOM_COLUMNS), len(_OWN_ROOM) - len(_READ)
    return [
        room_of_row(
            row[:split], row[split:end], ReadPayload(*row[end:]), people.get(row[0], [])
        )
        for row in rows
    ]


def people_of(kinds: Mapping[UUID, str]) -> dict[UUID, list[UserPayload]]:
    """The people of the direct rooms and groups among these, in one query at most."""
    small = [room for room, kind in kinds.items() if kind in NAMED_BY_PEOPLE]
    people: dict[UUID, list[UserPayload]] = {room: [] for room in small}
    for room, *person in _people().rows(rooms=small) if small else ():
        people[room].append(user_of_row(person))
    return people


@compiled
def _people() -> QuerySet[Membership, Row]:
    members = Membership.objects.filter(Among("room_id", "rooms", UUIDField()))
    columns = [f"user__{column}" for column in USER_COLUMNS]
    return members.order_by("pk").values_list("room_id", *columns)
