"""Fetch and check: each returns what was asked for, or raises why not."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import cast

from django.db.models import Q, Value
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.revocation import current
from core.errors import Invalid
from core.ids import known_uuids
from core.text import clean_line

from ..errors import MessageNotFound, RoomNotFound
from ..models import NAME_CHARACTERS, Attachment, Ban, Membership, Message, Room
from .messages import check_send
from .roles import check_update
from .seat import Seat, room_uuid
from .visibility import (
    check_member,
    check_read,
    check_see,
    readable_rooms,
    visible_rooms,
)


def access_room(actor: Actor, room_id: str, *, lock: bool = False) -> Seat:
    """The room and the person's place in it. Raises RoomNotFound unless visible.

    With `lock` the room's row is held until the transaction ends: every durable change
    takes it first, so whoever holds it sees memberships that cannot change under them.
    Then the person is looked at anew too: raises Unauthorized when they are logged out.
    """
    pk = room_uuid(room_id)
    rooms = Room.objects.filter(pk=pk)
    if lock:
        rooms = rooms.select_for_update(no_key=True)
    room = rooms.first()
    if lock:
        # After the wait for the lock, and whether or not there is such a room.
        actor = current(actor)
    # Also asked of a missing room: else a hidden one would take longer to be refused.
    membership = Membership.objects.filter(room=pk, user=actor.user).first()
    bans = Ban.objects.filter(room=pk, user=actor.user)
    banned = bans.exists() if membership is None else None
    if room is None:
        raise RoomNotFound
    seat = Seat(actor, room, membership, banned)
    check_see(seat)
    return seat


def access_own(actor: Actor, room_id: str) -> Membership:
    """The person's own place in a room, its row held until the transaction ends.

    The room's row is not: what is theirs alone holds up nobody else.
    """
    seat = access_room(current(actor), room_id)
    check_member(seat)
    rows = Membership.objects.select_for_update(of=("self",), no_key=True)
    mine = rows.filter(room=seat.room, user=actor.user).select_related("room").first()
    # They may have been removed while this waited for the row.
    check_member(replace(seat, membership=mine))
    return cast(Membership, mine)


def access_named(actor: Actor, name: str) -> Seat:
    """The public room of this name. Raises RoomNotFound unless visible.

    A staff-only room may have the name of another, which then comes first for staff
    too: one name means one room, whoever says it.
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
    """As names are stored, and as it stands: older rooms have names of any form."""
    # PostgreSQL knows no NUL.
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
    """Whoever may send in a room may upload to it."""
    seat = access_room(actor, room_id, lock=lock)
    check_send(seat)
    return seat


def access_message(actor: Actor, room_id: str, seq: int) -> Message:
    """Raises RoomNotFound, Forbidden or MessageNotFound."""
    seat = access_room(actor, room_id)
    check_read(seat)
    message = Message.objects.whole().filter(room=seat.room, seq=seq).first()
    if message is None:
        raise MessageNotFound
    return message


def access_attachment(actor: Actor, attachment_id: str) -> Attachment | None:
    """For who reads the message; before it is sent, for its uploader alone.

    None and no refusal: to a door, what may not be opened is an address like any other
    with nothing there.
    """
    unsent = Q(message=None, uploader=actor.user)
    sent = Q(message__isnull=False, room__in=readable_rooms(actor))
    found = Attachment.objects.filter(unsent | sent)
    return found.filter(pk__in=known_uuids([attachment_id])).first()
