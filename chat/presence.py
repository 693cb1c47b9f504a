"""Who is online: people with an open socket in a process that is alive.

A process renews one row; who is online through it dies with that row. So a process that
was killed takes its people offline for everybody else, LEASE_SECONDS later at the most.
Who appears offline has a lease like others, and nobody is told; nor of guests.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.models import User
from core.bus import publisher
from core.bus.envelopes import PersonChanged
from core.ids import known_uuids

from .events import PresenceChanged, encode
from .models import Attendance, Membership, ServerProcess

LEASE_SECONDS = 30
RENEW_SECONDS = 10


def renew(process: str) -> bool:
    """Say that this process is alive; called every RENEW_SECONDS.

    False if it was not known: it is new, or was taken for dead with all who are in it.
    """
    # The database's clock, here and below: those of two processes may differ by more
    # than a lease.
    alive_until = Now() + timedelta(seconds=LEASE_SECONDS)
    renewed = ServerProcess.objects.filter(pk=process).update(alive_until=alive_until)
    if not renewed:
        ServerProcess.objects.create(pk=process, alive_until=alive_until)
    return bool(renewed)


def arrive(process: str, *user_ids: UUID) -> bool:
    """Each one's first socket in this process. Announced are who were offline.

    False as in `renew`: the others of this process have to arrive again.
    """
    with transaction.atomic():
        were_online = online_among(user_ids)
        # Who is said to be online must be found online, however late the renewal is.
        alive = ServerProcess.objects.filter(pk=process, alive_until__gt=Now())
        was_known = alive.exists() or renew(process)
        # Who is deleted by now would take all the others' rows with them.
        there = User.objects.filter(pk__in=user_ids).values_list("pk", flat=True)
        rows = [Attendance(process_id=process, user_id=user_id) for user_id in there]
        Attendance.objects.bulk_create(rows, ignore_conflicts=True)
    _announce(set(user_ids) - were_online, is_online=True)
    return was_known


def depart(process: str, *user_ids: UUID) -> None:
    """Each one's last socket in this process is gone; announced if it was the last."""
    Attendance.objects.filter(process=process, user__in=user_ids).delete()
    _went(user_ids)


def expire() -> None:
    """Take offline whom a process took with it when it died."""
    dead = ServerProcess.objects.filter(alive_until__lte=Now())
    for process in dead:
        users = list(process.attendances.values_list("user", flat=True))
        # Of several processes that notice, one deletes the row and tells.
        if ServerProcess.objects.filter(pk=process.pk).delete()[0]:
            _went(users)


def end(process: str) -> None:
    """The process stops in order: whoever is online through it alone goes offline."""
    ServerProcess.objects.filter(pk=process).update(alive_until=Now())
    expire()


def switch(user: User) -> None:
    """`appear_offline` changed: to others it looks like going, or like coming."""
    if not is_online(user.pk):
        return
    if user.appear_offline:
        User.objects.filter(pk=user.pk).update(last_seen_at=Now())
    _publish([user.pk], is_online=not user.appear_offline)


def shown_online() -> Q:
    """Of each person of a query: whether others see them online."""
    alive = Attendance.objects.filter(process__alive_until__gt=Now())
    return Q(appear_offline=False) & Q(Exists(alive.filter(user=OuterRef("pk"))))


def online_in(room_ids: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the members who are online, by room, in one query."""
    rows = Membership.objects.filter(
        room__in=known_uuids(room_ids),
        user__attendances__process__alive_until__gt=Now(),
        user__appear_offline=False,
    )
    found: dict[str, list[str]] = {}
    for room, user in rows.values_list("room", "user").distinct():
        found.setdefault(str(room), []).append(str(user))
    return found


def online_counts(room_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many members others see online, by room. Guests belong to no room."""
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
    alive = Attendance.objects.filter(process__alive_until__gt=Now())
    return set(alive.filter(user__in=user_ids).values_list("user", flat=True))


def _went(user_ids: Collection[UUID]) -> None:
    gone = set(user_ids) - online_among(user_ids)
    shown = User.objects.filter(pk__in=gone, appear_offline=False, is_guest=False)
    shown.update(last_seen_at=Now())
    _announce(gone, is_online=False)


def _announce(user_ids: Collection[UUID], *, is_online: bool) -> None:
    """Of those whose coming and going others see."""
    shown = User.objects.filter(pk__in=user_ids, appear_offline=False, is_guest=False)
    _publish(shown.values_list("pk", flat=True), is_online=is_online)


def _publish(user_ids: Iterable[UUID], *, is_online: bool) -> None:
    """To whoever shares a room with them."""
    people = User.objects.filter(pk__in=list(user_ids))
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
    transaction.on_commit(lambda: publisher.publish(envelopes))
