"""Rooms and files, fetched and checked: each returns the object or raises."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from django.db.models import (
    Exists,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.revocation import current
from core.compiled import Given, compiled
from core.errors import Invalid
from core.ids import known_uuids
from core.text import clean_line

from ..errors import RoomNotFound
from ..models import NAME_CHARACTERS, Attachment, Ban, Membership, Room
from .messages import check_send
from .roles import check_update
from .seat import Seat, room_uuid
from .visibility import (
    check_member,
    check_see,
    readable_rooms,
    visible_rooms,
)

_ROOM = [field.attname for field in Room._meta.concrete_fields]
_USER = Given("user", UUIDField())
_MEMBERSHIP = [field.attname for field in Membership._meta.concrete_fields]


def access_room(actor: Actor, room_id: str, *, lock: bool = False) -> Seat:
    """The actor's seat in the room. Raises RoomNotFound unless they may see the room.

    With `lock` the room's row is held until the transaction ends. Every durable change
    takes that lock first, so the memberships that are read here cannot change before
    the write. The actor is then read again, too, which raises Unauthorized when their
    session has ended.
    """
    pk = room_uuid(room_id)
    if lock:
        _locked_room().rows(room=pk)
        # Only after the wait for the lock, and for a missing room as well.
        actor = current(actor)
    seat = _seat(actor, pk)
    check_see(seat)
    return seat


def _seat(actor: Actor, pk: UUID) -> Seat:
    """One query reads all, so a hidden room takes the same time as a missing one."""
    rows = _seats().rows(room=pk, user=actor.id)
    if not rows:
        raise RoomNotFound
    [(*columns, banned)] = rows
    room = Room.from_db("default", _ROOM, columns[: len(_ROOM)])
    mine = columns[len(_ROOM) :]
    if mine[0] is None:
        return Seat(actor, room, None, banned)
    return Seat(actor, room, Membership.from_db("default", _MEMBERSHIP, mine))


@compiled
def _locked_room() -> QuerySet[Room, Any]:
    rooms = Room.objects.filter(pk=Given("room", UUIDField()))
    return rooms.select_for_update(no_key=True).values_list("pk")


@compiled
def _locked_membership() -> QuerySet[Membership, Any]:
    rows = Membership.objects.filter(room=Given("room", UUIDField()), user=_USER)
    return rows.select_for_update(no_key=True).values_list(*_MEMBERSHIP)


@compiled
def _seats() -> QuerySet[Room, tuple[Any, ...]]:
    """The room, the person's membership or NULLs, and whether they are banned."""
    mine = FilteredRelation("memberships", condition=Q(memberships__user=_USER))
    bans = Ban.objects.filter(room=OuterRef("pk"), user=_USER)
    rooms = Room.objects.filter(pk=Given("room", UUIDField()))
    return rooms.annotate(mine=mine, banned=Exists(bans)).values_list(
        *_ROOM, *(f"mine__{name}" for name in _MEMBERSHIP), "banned"
    )


def access_own(actor: Actor, room_id: str) -> Membership:
    """The actor's own membership, its row held until the transaction ends.

    The room's row is not held, because a change to one's own membership alone (a read
    marker, a notification level) must hold up nobody else.
    """
    seat = access_room(current(actor), room_id)
    check_member(seat)
    rows = _locked_membership().rows(room=seat.room.pk, user=actor.id)
    # The membership may have ended while this transaction waited for the row.
    mine = Membership.from_db("default", _MEMBERSHIP, rows[0]) if rows else None
    check_member(replace(seat, membership=mine))
    mine = cast(Membership, mine)
    mine.room = seat.room
    return mine


def access_named(actor: Actor, name: str) -> Seat:
    """The actor's seat in the public room of this name. Raises RoomNotFound.

    A staff-only room may share its name with an open one. The open room comes first
    for staff, too, so that a name means the same room for everybody.
    """
    # The database folds both sides, as its index does.
    folded = [Lower(Value(form)) for form in _forms(name)]
    public = visible_rooms(actor).filter(kind=Room.Kind.PUBLIC)
    rooms = public.alias(folded=Lower("name")).filter(folded__in=folded)
    room = rooms.order_by("staff_only", "pk").first()
    if room is None:
        raise RoomNotFound
    membership = Membership.objects.filter(room=room, user=actor.user).first()
    return Seat(actor, room, membership)


def _forms(name: str) -> set[str]:
    """The name in the form in which names are stored today, and as it was sent.

    Rooms that are older than the rule for names may have names of any form.
    """
    # PostgreSQL cannot compare a text with a NUL.
    forms = set() if "\0" in name else {name}
    with suppress(Invalid):
        forms.add(clean_line("name", name, NAME_CHARACTERS))
    return forms


def access_update(
    actor: Actor, room_id: str, fields: Iterable[str], *, lock: bool = False
) -> Seat:
    seat = access_room(actor, room_id, lock=lock)
    check_update(seat, fields)
    return seat


def access_upload(actor: Actor, room_id: str, *, lock: bool = False) -> Seat:
    """The right to upload into a room is the right to send there."""
    seat = access_room(actor, room_id, lock=lock)
    check_send(seat)
    return seat


def access_attachment(actor: Actor, attachment_id: str) -> Attachment | None:
    """A file for the readers of its message, or for its uploader until it is sent.

    Returns None both when the file is not theirs and when it does not exist, so that
    the two cannot be told apart.
    """
    unsent = Q(message=None, uploader=actor.user)
    sent = Q(message__isnull=False, room__in=readable_rooms(actor))
    found = Attachment.objects.filter(unsent | sent)
    return found.filter(pk__in=known_uuids([attachment_id])).first()
