"""Making, changing and deleting rooms."""

from collections.abc import Callable, Mapping
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
from ..access.roles import check_create, check_create_by_visit, check_own
from ..access.rooms import access_named, access_room, access_update
from ..access.visibility import audiences
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
from ..payloads.system_events import (
    SystemEvent,
    SystemRoomArchived,
    SystemRoomAvatarChanged,
    SystemRoomCreated,
    SystemRoomRenamed,
    SystemRoomRestored,
    SystemRoomSettingsChanged,
    SystemRoomTopicChanged,
)
from ..queries.rooms import shown_room
from .attachments import remove_attachments
from .memberships import join_room, uninvite

_LONGEST = {"name": NAME_CHARACTERS, "topic": TOPIC_CHARACTERS}
_DELETED_AT_ONCE = 10_000


# The event that tells of a change of these fields. Fields of one line share an event.
_TOLD_BY: tuple[tuple[tuple[str, ...], Callable[..., SystemEvent]], ...] = (
    (("name",), SystemRoomRenamed),
    (("topic",), SystemRoomTopicChanged),
    (("color",), SystemRoomAvatarChanged),
    (
        ("avatar",),
        lambda avatar: SystemRoomAvatarChanged(avatar=avatar_path(avatar)),
    ),
    (
        (
            "guests_may_read",
            "announcements_only",
            "notices",
            "slow_mode_seconds",
            "retention_days",
        ),
        SystemRoomSettingsChanged,
    ),
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
    """Make a room, owned by its maker.

    Raises Invalid, RateLimited, Forbidden, or Conflict when the name is taken.
    """
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
    say(room, SystemRoomCreated(), by=actor.user)
    # Before room.added, which says more.
    if room.kind == Room.Kind.PUBLIC:
        announce_room(room, RoomCreated(shown_room(room, None)))
    announce_added(membership)
    return shown_room(room, membership)


def update_room(actor: Actor, room_id: str, changes: Mapping[str, Any]) -> RoomPayload:
    """Change the fields that are named; each kind of change has its system message.

    A field that has its new value already changes nothing. Raises Invalid, RateLimited,
    RoomNotFound, Forbidden, or Conflict when the name is taken.
    """
    limits.room_changes.take(actor.id)
    lines = {name: _line(name, changes[name]) for name in _LONGEST.keys() & changes}
    changes = {**changes, **lines}
    with transaction.atomic():
        seat = access_update(actor, room_id, changes, lock=True)
        room = seat.room
        audience_before = audiences(room)
        if events := _apply(room, changes):
            _save(room)
            for event in events:
                say(room, event, by=seat.user)
            announce_audience(room, audience_before)
            announce_room(room, RoomUpdated(shown_room(room, None)))
    return shown_room(room, seat.membership)


@transaction.atomic
def delete_room(actor: Actor, room_id: str) -> None:
    """Delete a room with all of its messages; only the announcement tells of it.

    Raises RateLimited, RoomNotFound or Forbidden.
    """
    limits.room_changes.take(actor.id)
    seat = access_room(actor, room_id, lock=True)
    check_own(seat)
    erase_room(seat.room)


def erase_room(room: Room) -> None:
    """Delete a room. The caller holds its row and has checked that it may go."""
    uninvite(room.invitations.all())
    announce_deleted(room)
    remove_attachments(room.attachments.all())
    stored_files.remove_on_commit("avatars", room.avatar)
    _delete_messages(room)
    room.delete()


def _line(field: str, text: str) -> str:
    return clean_line(field, text, _LONGEST[field])


def _delete_messages(room: Room) -> None:
    """In steps, so that each statement is within PostgreSQL's time for one.

    With raw deletes, since Django would read every row before it deletes any.
    """
    check_constraints_now()
    for seq in range(0, room.head_seq, _DELETED_AT_ONCE):
        some = room.messages.filter(seq__gt=seq, seq__lte=seq + _DELETED_AT_ONCE)
        Reaction.objects.filter(message__in=some).delete()
        Mention.objects.filter(message__in=some).delete()
        some._raw_delete(some.db)


def _apply(room: Room, changes: Mapping[str, Any]) -> list[SystemEvent]:
    """Set the fields, without saving; return an event for each kind of change."""
    events: list[SystemEvent] = []
    avatar = room.avatar
    for names, event in _TOLD_BY:
        changed = {
            name: changes[name]
            for name in names
            if name in changes and changes[name] != getattr(room, name)
        }
        if changed:
            for name, value in changed.items():
                setattr(room, name, value)
            events.append(event(**changed))
    if room.avatar != avatar:
        stored_files.remove_on_commit("avatars", avatar)
    archived = changes.get("archived")
    if archived is not None and archived != (room.archived_at is not None):
        room.archived_at = timezone.now() if archived else None
        events.append(SystemRoomArchived() if archived else SystemRoomRestored())
    return events


def _save(room: Room) -> None:
    """The caller has made the room or holds its row, so no number gets lost."""
    try:
        with transaction.atomic():
            room.save()
    except IntegrityError:
        raise Conflict("There is a public room of this name.") from None


def get_or_create_room(
    actor: Actor, *, name: str, **fields: Any
) -> tuple[RoomPayload, bool]:
    """Make a public room on the first visit, join it on later ones; True when made.

    Raises Conflict when the room of this name is hidden from this person, and Forbidden
    where visits make no rooms.
    """
    with suppress(RoomNotFound):
        return _join_named(actor, name), False
    check_create_by_visit()
    try:
        return create_room(actor, name=name, **fields), True
    except Conflict:
        # Somebody else has just made it, or it is hidden.
        with suppress(RoomNotFound):
            return _join_named(actor, name), False
        raise


def _join_named(actor: Actor, name: str) -> RoomPayload:
    return join_room(actor, str(access_named(actor, name).room.pk))
