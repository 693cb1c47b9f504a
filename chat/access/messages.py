"""The rules for writing a message, and for changing one that is there."""

from django.utils import timezone

from accounts.actor import Scope, check_scope
from core.errors import Forbidden
from core.limits.table import LIMITS

from ..errors import MessageNotFound, Muted, UserNotFound
from ..models import Block, Message, Room
from .roles import is_exempt
from .seat import Seat
from .visibility import check_member


def check_send(seat: Seat) -> None:
    """Raises Forbidden, Muted, or, in a direct room with a block, UserNotFound."""
    check_member(seat)
    check_scope(seat.actor, Scope.WRITE)
    if seat.room.kind == Room.Kind.DIRECT and is_blocked(seat):
        raise UserNotFound
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")
    if seat.room.announcements_only and not is_exempt(seat):
        raise Forbidden("Only owners and moderators write here.")
    muted_until = seat.membership.muted_until if seat.membership else None
    if muted_until is not None and muted_until > timezone.now():
        raise Muted


def is_blocked(seat: Seat) -> bool:
    """Whether the other member of this direct room has blocked the person."""
    if seat.is_blocked is not None:
        return seat.is_blocked
    others = seat.room.memberships.values("user")
    return Block.objects.filter(user__in=others, blocked=seat.user).exists()


def check_level(seat: Seat, level: str) -> None:
    if level != Message.Level.NORMAL and not is_exempt(seat):
        raise Forbidden("Only moderators and staff send warnings and alerts.")


def check_edit(seat: Seat, message: Message) -> None:
    """The sender may edit the text for a while, and moderators theirs at any time."""
    check_send(seat)
    if message.sender_id != seat.user.pk or message.kind != Message.Kind.USER:
        raise Forbidden("Only its sender may edit a message.")
    if message.deleted_at is not None:
        raise MessageNotFound
    age = timezone.now() - message.created_at
    if age.total_seconds() > LIMITS.edit_seconds and not is_exempt(seat):
        raise Forbidden("It is too late to edit this message.")


def check_delete(seat: Seat, message: Message) -> None:
    """A sender deletes their own message, and a moderator any; system messages stay."""
    check_scope(seat.actor, Scope.WRITE)
    own = message.sender_id == seat.user.pk
    if message.kind != Message.Kind.USER or not (own or is_exempt(seat)):
        raise Forbidden("You may not delete this message.")


def check_react(seat: Seat, message: Message) -> None:
    check_send(seat)
    if message.deleted_at is not None:
        raise MessageNotFound


def check_pin(seat: Seat, message: Message) -> None:
    check_scope(seat.actor, Scope.ROOMS)
    if not is_exempt(seat):
        raise Forbidden("Only moderators pin messages.")
    if message.deleted_at is not None:
        raise MessageNotFound


def check_written(message: Message) -> None:
    """Only a person's message takes reactions and pins.

    A system message keeps its `rev` for ever. A message that takes a person out of the
    room would otherwise move behind messages that this person must not receive.
    """
    if message.kind != Message.Kind.USER:
        raise Forbidden("A system message takes no reactions and no pins.")
