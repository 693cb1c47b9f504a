"""Rooms as somebody sees them: theirs, the public ones, one."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Coalesce

from accounts.models import User

from ..access import Seat, access_named, access_room, known_uuids, may_see, seats
from ..mentions import EVERYBODY
from ..models import Membership, Message, Room
from ..payloads import ReadPayload, RoomPayload, room_payload


def rooms_of(user: User) -> list[RoomPayload]:
    """The rooms that this person belongs to, by name, with what is unread."""
    memberships = _with_counts(user).select_related("room")
    found = [Seat(user, membership.room, membership) for membership in memberships]
    return _room_payloads(found)


def read_state(membership: Membership) -> ReadPayload:
    counted: Any = _with_counts(membership.user).get(pk=membership.pk)
    return ReadPayload(counted.read_seq, counted.unread, counted.mentions)


def directory(user: User) -> list[RoomPayload]:
    """The public rooms that this person may see, by name."""
    public = Room.objects.filter(kind=Room.Kind.PUBLIC)
    return _room_payloads(seats(user, public))


def room(user: User, room_id: str) -> RoomPayload:
    seat = access_room(user, room_id)
    return room_payload(seat.room, seat.membership)


def room_by_name(user: User, name: str) -> RoomPayload:
    """A public room, in any case of its letters. Raises RoomNotFound."""
    seat = access_named(user, name)
    return room_payload(seat.room, seat.membership)


def heads(room_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """`head_seq` and `epoch` by room: what the hub compares its own numbers with."""
    rows = Room.objects.filter(pk__in=known_uuids(room_ids))
    return {
        str(pk): (head, epoch)
        for pk, head, epoch in rows.values_list("pk", "head_seq", "epoch")
    }


def _room_payloads(found: Iterable[Seat]) -> list[RoomPayload]:
    visible = [seat for seat in found if may_see(seat)]
    visible.sort(key=lambda seat: (seat.room.name.lower(), seat.room.pk))
    return [
        room_payload(seat.room, seat.membership, _read_payload(seat.membership))
        for seat in visible
    ]


def _with_counts(user: User) -> QuerySet[Membership]:
    """This person's memberships, each with what others wrote since they read."""
    since = Message.objects.filter(
        room=OuterRef("room"),
        kind=Message.Kind.USER,
        deleted_at=None,
        seq__gt=OuterRef("read_seq"),
    ).exclude(sender=user)
    # As text: SQLite cannot look into JSON, and the ids are unmistakable.
    meaning_me = since.annotate(text=Cast("mentions", TextField())).filter(
        Q(text__contains=str(user.pk)) | Q(text__contains=f'"{EVERYBODY}"')
    )
    return Membership.objects.filter(user=user).annotate(
        unread=_count(since), mentions=_count(meaning_me)
    )


def _count(rows: QuerySet[Message]) -> Coalesce:
    counted = rows.order_by().values("room").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _read_payload(membership: Membership | None) -> ReadPayload | None:
    """None where nothing was counted: for who is no member, and in the directory."""
    if not hasattr(membership, "unread"):
        return None
    counted: Any = membership
    return ReadPayload(counted.read_seq, counted.unread, counted.mentions)
