"""Making, changing and deleting rooms."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.revocation import current
from core import limits
from core.db_timeouts import check_constraints_now
from core.errors import Conflict
from core.text import clean_line

from .. import stored_files
from ..access.roles import (
    check_create,
    check_create_by_visit,
    check_own,
)
from ..access.rooms import access_named, access_room, access_update
from ..access.seat import Seat
from ..access.visibility import audience
from ..announcements import (
    announce_added,
    announce_audience,
    announce_deleted,
    announce_room,
)
from ..errors import RoomNotFound
from ..events import RoomCreated, RoomUpdated
from ..log.append import say
from ..models import (
    NAME_CHARACTERS,
    TOPIC_CHARACTERS,
    Membership,
    Mention,
    Reaction,
    Room,
)
from ..payloads.people import avatar_path
from ..payloads.rooms import RoomPayload
from ..queries.rooms import shown_room
from .attachments import remove_attachments
from .memberships import join_room, uninvite

_LONGEST = {"name": NAME_CHARACTERS, "topic": TOPIC_CHARACTERS}
_DELETED_AT_ONCE = 10_000
_SETTINGS = (
    "guests_may_read",
    "announcements_only",
    "notices",
    "slow_mode_seconds",
    "retention_days",
)


@transaction.atomic
def create_room(
    actor: Actor,
    *,
    name: str,
    kind: str = Room.Kind.PUBLIC,
    topic: str = "",
    color: str = "",
    staff_only: bool = False,
    guests_may_read: bool = False,
) -> RoomPayload:
    """A new room with its maker as owner. Raises Conflict when the name is taken."""
    limits.rooms.take(actor.id)
    actor = current(actor)
    check_create(actor, staff_only=staff_only)
    room = Room(
        name=_line("name", name),
        kind=kind,
        topic=_line("topic", topic),
        color=color,
        staff_only=staff_only,
        guests_may_read=guests_may_read,
    )
    _save(room)
    membership = Membership.objects.create(
        room=room, user=actor.user, role=Membership.Role.OWNER
    )
    say(room, {"type": "room.created"}, by=actor.user)
    # Before room.added, which says more.
    if room.kind == Room.Kind.PUBLIC:
        announce_room(room, RoomCreated(shown_room(room, None)))
    announce_added(membership)
    return shown_room(room, membership)


def update_room(actor: Actor, room_id: str, changes: Mapping[str, Any]) -> RoomPayload:
    """Change what is named; each kind of change is a message of its own.

    Raises Conflict when the name is taken. What is as wished already stays silent.
    """
    limits.room_changes.take(actor.id)
    lines = {name: _line(name, changes[name]) for name in _LONGEST.keys() & changes}
    changes = {**changes, **lines}
    seat = _update(actor, room_id, changes)
    return shown_room(seat.room, seat.membership)


@transaction.atomic
def _update(actor: Actor, room_id: str, changes: Mapping[str, Any]) -> Seat:
    seat = access_update(actor, room_id, changes, lock=True)
    room = seat.room
    saw = audience(room)
    events = _apply(room, changes)
    if events:
        _save(room)
        for event in events:
            say(room, event, by=actor.user)
        announce_audience(room, saw)
        announce_room(room, RoomUpdated(shown_room(room, None)))
    return seat


@transaction.atomic
def delete_room(actor: Actor, room_id: str) -> None:
    """With all of its messages. Nothing of it is left but the announcement."""
    limits.room_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_own(seat)
    erase_room(seat.room)


def erase_room(room: Room) -> None:
    """The caller holds the room's row."""
    uninvite(room.invitations.all())
    announce_deleted(room)
    remove_attachments(room.attachments.all())
    stored_files.remove_on_commit("avatars", room.avatar)
    _delete_messages(room)
    room.delete()


def _line(field: str, text: str) -> str:
    return clean_line(field, text, _LONGEST[field])


def _delete_messages(room: Room) -> None:
    """In steps that PostgreSQL has time for. Django would fetch them all first."""
    check_constraints_now()
    for seq in range(0, room.head_seq, _DELETED_AT_ONCE):
        some = room.messages.filter(seq__gt=seq, seq__lte=seq + _DELETED_AT_ONCE)
        Reaction.objects.filter(message__in=some).delete()
        Mention.objects.filter(message__in=some).delete()
        some._raw_delete(some.db)


def _apply(room: Room, changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sets the fields; for each kind of change the event that tells of it."""
    events = []
    if name := _changed(room, changes, "name"):
        events.append({"type": "room.renamed", **name})
    if topic := _changed(room, changes, "topic"):
        events.append({"type": "room.topic_changed", **topic})
    if color := _changed(room, changes, "color"):
        events.append({"type": "room.avatar_changed", **color})
    old = room.avatar
    if _changed(room, changes, "avatar"):
        stored_files.remove_on_commit("avatars", old)
        avatar = avatar_path(room.avatar)
        events.append({"type": "room.avatar_changed", "avatar": avatar})
    if settings := _changed(room, changes, *_SETTINGS):
        events.append({"type": "room.settings_changed", **settings})
    archived = changes.get("archived")
    if archived is not None and archived != (room.archived_at is not None):
        room.archived_at = timezone.now() if archived else None
        events.append({"type": "room.archived" if archived else "room.restored"})
    return events


def _changed(room: Room, changes: Mapping[str, Any], *names: str) -> dict[str, Any]:
    found = {
        name: changes[name]
        for name in names
        if name in changes and changes[name] != getattr(room, name)
    }
    for name, value in found.items():
        setattr(room, name, value)
    return found


def _save(room: Room) -> None:
    """The room's row is new or locked: `head_seq` is what it was."""
    try:
        with transaction.atomic():
            room.save()
    except IntegrityError:
        raise Conflict("There is a public room of this name.") from None


def get_or_create_room(
    actor: Actor, *, name: str, **fields: Any
) -> tuple[RoomPayload, bool]:
    """Make a public room on the first visit, join it on later ones; True when made.

    Raises Conflict when the room of this name is not for this person, and Forbidden
    when rooms are not made this way here.
    """
    with suppress(RoomNotFound):
        return _join_named(actor, name), False
    check_create_by_visit()
    try:
        return create_room(actor, name=name, **fields), True
    except Conflict:
        # Somebody made it at this moment, or it is hidden.
        with suppress(RoomNotFound):
            return _join_named(actor, name), False
        raise


def _join_named(actor: Actor, name: str) -> RoomPayload:
    return join_room(actor, str(access_named(actor, name).room.pk))
