"""Deleting an account. At once nobody can log in to it, and nothing says whose it was.

A job in the background leaves the rooms and, if the person wants it, blanks their
messages. It works off what is still there, so a job that takes over from a dead process
just goes on.
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
from ..payloads.system_events import SystemMemberLeft
from .attachments import remove_attachments
from .erasing import erase
from .exports import discard_export
from .members import set_role
from .memberships import take_out, uninvite
from .rooms import erase_room


def close_account(actor: Actor, *, current_password: str, messages: str) -> None:
    """Delete the actor's account; `messages` is "keep" or "delete".

    Raises Forbidden for guests, Invalid for a wrong password, and Conflict for the only
    superuser.
    """
    check_account(actor)
    # The hash takes a while and is checked before any row is locked.
    checked = check_own_password(actor, current_password)
    with transaction.atomic():
        # All superusers' rows before one's own, so that of the last two one stays.
        superusers = User.objects.select_for_update(no_key=True)
        list(superusers.filter(is_superuser=True).order_by("pk"))
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
    """Start the jobs that a process left unfinished."""
    unfinished = Departure.objects.filter(finished_at=None)
    for pk in unfinished.values_list("pk", flat=True):
        _start(pk)


def _start(pk: int) -> None:
    jobs.start(partial(depart, pk))


def depart(pk: int) -> None:
    """Do what is left of a departure, unless another process is doing so."""

    def finish(lease: Lease) -> None:
        departures = Departure.objects.filter(pk=pk, finished_at=None)
        departure = departures.select_related("user").first()
        if departure is None:
            return
        person = departure.user
        member = Q(memberships__user=person)
        invited = Q(invitations__person=person) | Q(invitations__inviter=person)
        rooms = Room.objects.filter(member | invited).order_by("pk").distinct()
        for room_id in list(rooms.values_list("pk", flat=True)):
            renew(lease)
            _leave(person, room_id)
        if departure.deletes_messages:
            _erase_messages(person, lease)
        departures.update(finished_at=timezone.now())

    alone(f"departure:{pk}", finish)


def _forget(person: User) -> None:
    """Delete what belongs to the person alone, and their name."""
    discard_export(person)
    remove_attachments(Attachment.objects.filter(uploader=person, message=None))
    person.blocks.all().delete()
    stored_files.remove_on_commit("avatars", person.avatar)
    people.anonymise(person)


@transaction.atomic
def _leave(person: User, room_id: UUID) -> None:
    room = Room.objects.select_for_update(no_key=True).filter(pk=room_id).first()
    if room is None:
        return
    uninvite(room.invitations.filter(Q(person=person) | Q(inviter=person)))
    member = room.memberships.filter(user=person).first()
    if member is None:
        return
    if _is_over(room, member):
        erase_room(room)
    # In a direct room the other one keeps both the messages and the name.
    elif room.kind != Room.Kind.DIRECT:
        if is_last_owner(member):
            _hand_over(Seat(system(person), room, member))
        take_out(room, member, SystemMemberLeft(str(person.pk)), by=person)


def _is_over(room: Room, member: Membership) -> bool:
    """Whether nobody is left who could go on, or come back later.

    A public room without an owner goes on: people can still join it.
    """
    others = room.memberships.exclude(pk=member.pk)
    if others.filter(user__departure=None).exists():
        return False
    return room.kind != Room.Kind.PUBLIC or is_last_owner(member)


def _hand_over(seat: Seat) -> None:
    """Make the oldest moderator, or else the oldest member, an owner.

    Those who can act on it come first: active people, and staff in a room of staff.
    """
    staff_first = ["-user__is_staff"] if seat.room.staff_only else []
    # Of the roles' names "moderator" sorts after "member".
    order = [*staff_first, "-user__is_active", "-role", "joined_at", "pk"]
    others = seat.room.memberships.filter(user__departure=None)
    heir = others.select_related("user").order_by(*order).first()
    if heir is not None:
        set_role(seat, heir, Membership.Role.OWNER)


def _erase_messages(person: User, lease: Lease) -> None:
    written = Message.objects.filter(
        sender=person, kind=Message.Kind.USER, deleted_at=None
    )
    rooms = written.order_by("room").values_list("room", flat=True).distinct()
    for room_id in list(rooms):
        erase(room_id, lambda _: Q(sender=person), renew=partial(renew, lease))
