"""Deleting one's account: at once nobody logs in to it, and nothing says whose it was.

The rest (rooms, messages) is done in the background. What is left to do is what is
still there, so whoever takes it up again just goes on.
"""

from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import people
from accounts.actor import Actor, check_account, system
from accounts.models import User
from accounts.passwords import check_own_password, lock_checked
from accounts.sessions import end_all_sessions
from core import jobs
from core.audit import Event, record_committed

from .. import stored_files
from ..access.roles import check_close, is_last_owner
from ..access.seat import Seat
from ..announcements import announce_person
from ..leases import alone, renew
from ..models import Attachment, Departure, Lease, Membership, Message, Room
from .attachments import remove_attachments
from .erasing import erase
from .exports import discard_export
from .members import set_role
from .memberships import notice, take_out, uninvite
from .rooms import erase_room


def close_account(actor: Actor, *, current_password: str, messages: str) -> None:
    """`messages` is "keep" or "delete". Raises Invalid for a wrong password."""
    check_account(actor)
    _close(check_own_password(actor, current_password), messages)


@transaction.atomic
def _close(checked: Actor, messages: str) -> None:
    # Locked, and before one's own row: of the last two superusers one stays.
    superusers = User.objects.select_for_update(no_key=True).filter(is_superuser=True)
    list(superusers.order_by("pk"))
    person = lock_checked(checked)
    check_close(checked)
    departure = Departure.objects.create(
        user=person, deletes_messages=messages == "delete"
    )
    _forget(person)
    announce_person(person)
    end_all_sessions(person)
    record_committed(Event.ACCOUNT_CLOSED, user=person.pk)
    transaction.on_commit(lambda: _start(departure.pk))


def take_up_departures() -> None:
    """Those that a process left unfinished."""
    left = Departure.objects.filter(finished_at=None)
    for pk in left.values_list("pk", flat=True):
        _start(pk)


def depart(pk: int) -> None:
    alone(f"departure:{pk}", partial(_depart, pk))


def _start(pk: int) -> None:
    jobs.start(partial(depart, pk))


def _forget(person: User) -> None:
    """What was theirs alone."""
    discard_export(person)
    remove_attachments(Attachment.objects.filter(uploader=person, message=None))
    person.blocks.all().delete()
    stored_files.remove_on_commit("avatars", person.avatar)
    people.anonymise(person)


def _depart(pk: int, lease: Lease) -> None:
    found = Departure.objects.filter(pk=pk, finished_at=None)
    departure = found.select_related("user").first()
    if departure is None:
        return
    person = departure.user
    for room_id in _rooms(person):
        renew(lease)
        _leave(person, room_id)
    if departure.deletes_messages:
        _erase_messages(person, lease)
    found.update(finished_at=timezone.now())


def _rooms(person: User) -> list[UUID]:
    theirs = Q(memberships__user=person)
    invited = Q(invitations__person=person) | Q(invitations__inviter=person)
    rooms = Room.objects.filter(theirs | invited).order_by("pk").distinct()
    return list(rooms.values_list("pk", flat=True))


@transaction.atomic
def _leave(person: User, room_id: UUID) -> None:
    room = Room.objects.select_for_update(no_key=True).filter(pk=room_id).first()
    if room is None:
        return
    theirs = Q(person=person) | Q(inviter=person)
    uninvite(room.invitations.filter(theirs))
    member = room.memberships.filter(user=person).first()
    if member is None:
        return
    if _is_over(room, member):
        erase_room(room)
    # The other one of a direct room keeps it, with whom it was.
    elif room.kind != Room.Kind.DIRECT:
        if is_last_owner(member):
            _hand_over(Seat(system(person), room, member))
        take_out(room, member, notice("member.left", room, person), by=person)


def _is_over(room: Room, member: Membership) -> bool:
    """Nobody is left who could go on, or come back: a public room needs no owner."""
    others = room.memberships.exclude(pk=member.pk)
    if others.filter(user__departure=None).exists():
        return False
    return room.kind != Room.Kind.PUBLIC or is_last_owner(member)


def _hand_over(seat: Seat) -> None:
    """To the oldest moderator, else the oldest member, who can act on it."""
    staff_first = ["-user__is_staff"] if seat.room.staff_only else []
    # "moderator" comes after "member".
    order = [*staff_first, "-user__is_active", "-role", "joined_at", "pk"]
    others = seat.room.memberships.filter(user__departure=None)
    heir = others.select_related("user").order_by(*order).first()
    if heir is not None:
        set_role(seat, heir, Membership.Role.OWNER)


def _erase_messages(person: User, lease: Lease) -> None:
    said = Message.objects.filter(
        sender=person, kind=Message.Kind.USER, deleted_at=None
    )
    rooms = said.order_by("room").values_list("room", flat=True).distinct()
    for room_id in list(rooms):
        erase(room_id, lambda _: Q(sender=person), renew=partial(renew, lease))
