"""Rooms as somebody sees them: theirs, and one."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce

from accounts.models import User

from ..access.rooms import access_named, access_room
from ..access.seat import Seat, known_uuids
from ..access.visibility import may_see
from ..mentions import EVERYBODY
from ..models import Membership, Message, Room
from ..payloads import ReadPayload, RoomPayload, room_payload
from ..people import load_people


def rooms_of(user: User) -> list[RoomPayload]:
    """The rooms that this person belongs to, by name, with what is unread."""
    memberships = _with_counts(user.pk).select_related("room")
    found = [m for m in memberships if may_see(Seat(user, m.room, m))]
    found.sort(key=lambda m: (m.room.name.lower(), m.room.pk))
    load_people(membership.room for membership in found)
    return [room_payload(m.room, m, _read_payload(m)) for m in found]


def read_state(membership: Membership) -> ReadPayload:
    return _read_payload(_with_counts(membership.user_id).get(pk=membership.pk))


def room(user: User, room_id: str) -> RoomPayload:
    seat = access_room(user, room_id)
    return shown_room(seat.room, seat.membership)


def room_by_name(user: User, name: str) -> RoomPayload:
    """A public room, in any case of its letters. Raises RoomNotFound."""
    seat = access_named(user, name)
    return shown_room(seat.room, seat.membership)


def shown_room(room: Room, membership: Membership | None) -> RoomPayload:
    """As the reader sees it, or without a membership what everybody sees of it."""
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
    """This person's memberships, each with what others wrote since they read."""
    since = Message.objects.filter(
        room=OuterRef("room"),
        kind=Message.Kind.USER,
        deleted_at=None,
        seq__gt=OuterRef("read_seq"),
    ).exclude(sender=user)
    # As text: SQLite cannot look into JSON, and the ids are unmistakable.
    meaning_me = since.annotate(text=Cast("mentions", TextField())).filter(
        Q(text__contains=str(user)) | Q(text__contains=f'"{EVERYBODY}"')
    )
    return Membership.objects.filter(user=user).annotate(
        unread=_count(since), mentions=_count(meaning_me)
    )


def _count(rows: QuerySet[Message]) -> Coalesce:
    counted = rows.order_by().values("room").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _read_payload(counted: Any) -> ReadPayload:
    return ReadPayload(counted.read_seq, counted.unread, counted.mentions)
