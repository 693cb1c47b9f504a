"""The rules for entering a room by an invitation, without seeing the room yet."""

from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor, check_account
from accounts.revocation import current
from core.ids import known_uuids

from ..errors import InvitationNotFound
from ..models import Invitation, Membership, Room
from .roles import is_full
from .seat import Seat
from .visibility import is_banned


class Invited(NamedTuple):
    """The actor in front of the room, and the invitation that lets them in."""

    seat: Seat
    invitation: Invitation


def access_invitation(
    actor: Actor, invitation_id: str, *, lock: bool = False
) -> Invited:
    """An invitation for this person. Raises InvitationNotFound."""
    mine = Invitation.objects.filter(person=actor.user)
    return _invited(actor, mine.filter(pk__in=known_uuids([invitation_id])), lock=lock)


def access_link(actor: Actor, code: str, *, lock: bool = False) -> Invited:
    """The link with this code. Raises InvitationNotFound."""
    links = Invitation.objects.filter(code_hash=Invitation.hash_of(code))
    return _invited(actor, links, lock=lock)


def _invited(actor: Actor, wanted: QuerySet[Invitation], *, lock: bool) -> Invited:
    """With `lock` the room's row is locked first, as everywhere. The invitation cannot
    change after that, so one of two people with the last use of a link gets in."""
    check_account(actor)
    rooms = Room.objects.filter(pk__in=wanted.values("room"))
    if lock:
        rooms = rooms.select_for_update(no_key=True)
    room = rooms.first()
    if lock:
        # Only after the wait for the lock.
        actor = current(actor)
    invitation = wanted.select_related("inviter").first()
    if room is None or invitation is None:
        raise InvitationNotFound
    membership = Membership.objects.filter(room=room, user=actor.user).first()
    seat = Seat(actor, room, membership)
    check_accept(invitation, seat)
    return Invited(seat, invitation)


def check_accept(invitation: Invitation, seat: Seat) -> None:
    """Raises InvitationNotFound for every reason: an outsider learns nothing more.

    A link that is used up still lets a member in: the answer to their first attempt may
    have been lost.
    """
    expires_at = invitation.expires_at
    if (
        seat.room.archived_at is not None
        or (seat.room.staff_only and not seat.user.is_staff)
        or (expires_at is not None and expires_at <= timezone.now())
        or (seat.membership is None and _is_kept_out(invitation, seat))
    ):
        raise InvitationNotFound


def _is_kept_out(invitation: Invitation, seat: Seat) -> bool:
    full = seat.room.kind == Room.Kind.GROUP and is_full(seat.room, seat.user)
    most = invitation.max_uses
    return full or (most is not None and invitation.uses >= most) or is_banned(seat)
