"""Rooms as a person sees them: all of their own, or one."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import (
    Case,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Least

from accounts.actor import Actor, Scope, check_scope
from core.ids import known_uuids
from core.limits.table import MAX_UNREAD

from ..access.rooms import access_named, access_room, access_update
from ..access.seat import Seat
from ..access.visibility import may_see
from ..models import Membership, Mention, Message, Room
from ..payloads.rooms import NAMED_BY_PEOPLE, ReadPayload, RoomPayload, room_payload

M = TypeVar("M", bound=Model)

# The newest messages among which those of others are counted.
LOOKED_AT = 5 * MAX_UNREAD


def rooms_of(actor: Actor) -> list[RoomPayload]:
    """The rooms that this person belongs to, by name, with what is unread."""
    check_scope(actor, Scope.READ)
    memberships = _with_counts(actor.id).select_related("room")
    mine = [m for m in memberships if may_see(Seat(actor, m.room, m))]
    mine.sort(key=lambda m: (m.room.name.lower(), m.room.pk))
    load_people(membership.room for membership in mine)
    return [room_payload(m.room, m, _read(m)) for m in mine]


def read_state(membership: Membership) -> ReadPayload:
    """How far its person has read; nothing is unread once they have left the room."""
    counted = _with_counts(membership.user_id).filter(pk=membership.pk).first()
    if counted is None:
        return ReadPayload(membership.read_seq, 0, 0)
    return _read(counted)


def own_room(membership: Membership) -> RoomPayload | None:
    """The room as its member sees it now; None when they have left it."""
    mine = _with_counts(membership.user_id).select_related("room")
    counted = mine.filter(pk=membership.pk).first()
    if counted is None:
        return None
    load_people([counted.room])
    return room_payload(counted.room, counted, _read(counted))


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
    load_people([room])
    read = None if membership is None else read_state(membership)
    return room_payload(room, membership, read)


def heads(room_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """`head_seq` and `epoch` by room: what the hub compares its own numbers with."""
    rows = Room.objects.filter(pk__in=known_uuids(room_ids))
    return {
        str(pk): (head, epoch)
        for pk, head, epoch in rows.values_list("pk", "head_seq", "epoch")
    }


def _with_counts(user: UUID) -> QuerySet[Membership]:
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


def _count(rows: QuerySet[M], user: UUID) -> Subquery:
    is_mine = Case(When(sender=user, then=1), default=0)
    newest = rows.annotate(mine=is_mine).values("mine")
    return _Count(newest[:LOOKED_AT], most=MAX_UNREAD, output_field=IntegerField())


class _Count(Subquery):
    """How many rows of a subquery are not the reader's own, up to `most`."""

    template = (
        "(SELECT COUNT(*) FROM (SELECT 1 FROM (%(subquery)s) AS newest"
        " WHERE mine = 0 LIMIT %(most)s) AS counted)"
    )


def _read(counted: Any) -> ReadPayload:
    return ReadPayload(counted.read_seq, counted.unread, counted.mentions)


def load_people(rooms: Iterable[Room]) -> None:
    """Set `people` of the direct rooms and groups among these, with one query."""
    small = {room.pk: room for room in rooms if room.kind in NAMED_BY_PEOPLE}
    if not small:
        return
    for room in small.values():
        room.people = []
    members = Membership.objects.filter(room__in=small).select_related("user")
    for member in members.order_by("pk"):
        small[member.room_id].people.append(member.user)
