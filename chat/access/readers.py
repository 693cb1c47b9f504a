"""Whether people who subscribed to rooms may still read them, asked for many at once.

`check_read` is the same rule for one person in front of one room.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from accounts.actor import Actor, has_account
from core.ids import known_uuids

from ..models import Ban, Membership, Room

# An actor, and the id of a room that they are subscribed to.
Reader = tuple[Actor, str]

# Each reader is a value in a query, and a database takes only so many.
_READERS_AT_ONCE = 1000


def still_reading(readers: Iterable[Reader]) -> set[tuple[str, str]]:
    """The readers who may go on reading, as pairs of the person's and the room's id.

    Left out are members whose membership has ended, everybody else when the room is
    deleted or for staff alone by now, and guests who are banned or no longer admitted.
    """
    # Sorted by room, because the readers of one room share its row in the query.
    ordered = sorted(readers, key=lambda reader: reader[1])
    found: set[tuple[str, str]] = set()
    for start in range(0, len(ordered), _READERS_AT_ONCE):
        asked = ordered[start : start + _READERS_AT_ONCE]
        found |= _members([reader for reader in asked if has_account(reader[0])])
        found |= _guests([reader for reader in asked if not has_account(reader[0])])
    return found


def _members(readers: Sequence[Reader]) -> set[tuple[str, str]]:
    if not readers:
        return set()
    rows = Membership.objects.filter(
        Q(room__staff_only=False) | Q(user__is_staff=True),
        room__in=known_uuids({room for _, room in readers}),
        user__in={actor.id for actor, _ in readers},
    )
    pairs = rows.values_list("user_id", "room_id")
    return {(str(user), str(room)) for user, room in pairs}


def _guests(readers: Sequence[Reader]) -> set[tuple[str, str]]:
    if not readers:
        return set()
    rooms = known_uuids({room for _, room in readers})
    open_rooms = Room.objects.filter(
        pk__in=rooms, kind=Room.Kind.PUBLIC, staff_only=False, guests_may_read=True
    )
    may_open = {str(pk) for pk in open_rooms.values_list("pk", flat=True)}
    bans = Ban.objects.filter(
        room__in=rooms, user__in={actor.id for actor, _ in readers}
    )
    banned = {(str(u), str(r)) for u, r in bans.values_list("user_id", "room_id")}
    pairs = {(str(actor.id), room) for actor, room in readers if room in may_open}
    return pairs - banned
