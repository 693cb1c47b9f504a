"""Presence: the people with an open socket in a process that is alive.

Each process renews one row, and a person's attendance in it counts only while that row
is alive. So the people of a process that was killed go offline for everybody else after
LEASE_SECONDS at the most. Attendance is kept of people who appear offline and of guests
too, but nobody is told of them.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from core.bus.envelopes import PersonChanged
from core.bus.publisher import publish_on_commit
from core.ids import known_uuids

from .events import PresenceChanged, encode
from .models import Attendance, Membership, ServerProcess

LEASE_SECONDS = 30
RENEW_SECONDS = 10


def renew(process: str) -> bool:
    """Say that this process is alive; called every RENEW_SECONDS.

    False if the process was not known: it is new, or it was taken for dead, and the
    attendance of its people was deleted.
    """
    # The database's clock, here and below: those of two processes may differ by more
    # than a lease.
    alive_until = Now() + timedelta(seconds=LEASE_SECONDS)
    renewed = ServerProcess.objects.filter(pk=process).update(alive_until=alive_until)
    if not renewed:
        ServerProcess.objects.create(pk=process, alive_until=alive_until)
    return bool(renewed)


def arrive(process: str, *user_ids: UUID) -> bool:
    """Note each person's first socket in this process; announce who was offline.
    False as in `renew`: then the other people of this process have to arrive again.
    """
    with transaction.atomic():
        were_online = online_among(user_ids)
        # A person who is announced must be found online, however late the renewal is.
        alive = ServerProcess.objects.filter(pk=process, alive_until__gt=Now())
        was_known = alive.exists() or renew(process)
        # Without people who are deleted by now: their rows would fail, and all others.
        there = User.objects.filter(pk__in=user_ids).values_list("pk", flat=True)
        rows = [Attendance(process_id=process, user_id=user_id) for user_id in there]
        Attendance.objects.bulk_create(rows, ignore_conflicts=True)
    _announce(_shown(set(user_ids) - were_online), is_online=True)
    return was_known


def depart(process: str, *user_ids: UUID) -> None:
    """Note that each person's last socket in this process is gone.

    Announced are those who have no socket in another process.
    """
    Attendance.objects.filter(process=process, user__in=user_ids).delete()
    _went(user_ids)


def expire() -> None:
    """Take the people of dead processes offline."""
    dead = ServerProcess.objects.filter(alive_until__lte=Now())
    for process in dead:
        users = list(process.attendances.values_list("user", flat=True))
        # Several processes notice; the one that deletes the row tells.
        if ServerProcess.objects.filter(pk=process.pk).delete()[0]:
            _went(users)


def end(process: str) -> None:
    """The process stops in order: people with no socket elsewhere go offline."""
    ServerProcess.objects.filter(pk=process).update(alive_until=Now())
    expire()


def switch(user: User) -> None:
    """Announce a change of `appear_offline`, which to others is going or coming."""
    if not is_online(user.pk):
        return
    if user.appear_offline:
        User.objects.filter(pk=user.pk).update(last_seen_at=Now())
    row = User.objects.filter(pk=user.pk)
    _announce(row, is_online=not user.appear_offline)


def shown_online() -> Q:
    """The condition, for a query of people, that others see them online."""
    alive = Attendance.objects.filter(process__alive_until__gt=Now())
    return Q(appear_offline=False) & Q(Exists(alive.filter(user=OuterRef("pk"))))


def online_in(room_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the members who are online, by room, in one query."""
    rows = Membership.objects.filter(
        room__in=known_uuids(room_ids),
        user__attendances__process__alive_until__gt=Now(),
        user__appear_offline=False,
    )
    online: dict[UUID, list[str]] = {}
    for room, user in rows.values_list("room", "user").distinct():
        online.setdefault(room, []).append(str(user))
    return {str(room): people for room, people in online.items()}


def online_counts(room_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many members are seen online, by room."""
    rows = Membership.objects.filter(
        room__in=list(room_ids),
        user__appear_offline=False,
        user__is_guest=False,
        user__attendances__process__alive_until__gt=Now(),
    )
    counted = rows.values("room").annotate(people=Count("user", distinct=True))
    return dict(counted.values_list("room", "people"))


def is_online(user_id: UUID) -> bool:
    return bool(online_among([user_id]))


def is_seen_online(user: User) -> bool:
    return not user.appear_offline and is_online(user.pk)


def online_among(user_ids: Collection[UUID]) -> set[UUID]:
    """Those of them who are online, whether or not others see it."""
    alive = Attendance.objects.filter(process__alive_until__gt=Now())
    return set(alive.filter(user__in=user_ids).values_list("user", flat=True))


def _went(user_ids: Collection[UUID]) -> None:
    gone = set(user_ids) - online_among(user_ids)
    _shown(gone).update(last_seen_at=Now())
    _announce(_shown(gone), is_online=False)


def _shown(user_ids: Collection[UUID]) -> QuerySet[User]:
    """Those of them whose coming and going others see."""
    return User.objects.filter(pk__in=user_ids, appear_offline=False, is_guest=False)


def _announce(people: QuerySet[User], *, is_online: bool) -> None:
    """To the people who share a room with them."""
    last_seen = dict(people.values_list("pk", "last_seen_at"))
    rooms: dict[UUID, list[str]] = {user_id: [] for user_id in last_seen}
    members = Membership.objects.filter(user__in=last_seen)
    for user_id, room_id in members.values_list("user", "room"):
        rooms[user_id].append(str(room_id))
    envelopes = [
        PersonChanged(
            rooms[user_id], encode(PresenceChanged(str(user_id), is_online, seen_at))
        )
        for user_id, seen_at in last_seen.items()
    ]
    publish_on_commit(*envelopes)
