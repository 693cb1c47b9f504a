"""Who may write a message, and change one that is there."""

from django.utils import timezone

from core.errors import Forbidden
from core.limits.table import LIMITS

from ..errors import MessageNotFound, Muted, UserNotFound
from ..models import Block, Message, Room
from .roles import is_exempt
from .seat import Seat
from .visibility import check_member


def check_send(seat: Seat) -> None:
    check_member(seat)
    if _is_blocked(seat):
        raise UserNotFound
    if seat.room.archived_at is not None:
        raise Forbidden("This room is archived.")
    if seat.room.announcements_only and not is_exempt(seat):
        raise Forbidden("Only owners and moderators write here.")
    muted_until = seat.membership.muted_until if seat.membership else None
    if muted_until is not None and muted_until > timezone.now():
        raise Muted


def _is_blocked(seat: Seat) -> bool:
    """Whether the other one of a direct room does not want to hear from this one."""
    if seat.room.kind != Room.Kind.DIRECT:
        return False
    if seat.is_blocked is not None:
        return seat.is_blocked
    others = seat.room.memberships.values("user")
    return Block.objects.filter(user__in=others, blocked=seat.user).exists()


def check_level(seat: Seat, level: str) -> None:
    if level != Message.Level.NORMAL and not is_exempt(seat):
        raise Forbidden("Only moderators and staff send warnings and alerts.")


def check_edit(seat: Seat, message: Message) -> None:
    """One's own text, for a while; moderators have all the time."""
    check_send(seat)
    if message.sender_id != seat.user.pk or message.kind != Message.Kind.USER:
        raise Forbidden("Only who wrote a message may edit it.")
    if message.deleted_at is not None:
        raise MessageNotFound
    age = timezone.now() - message.created_at
    if age.total_seconds() > LIMITS.edit_seconds and not is_exempt(seat):
        raise Forbidden("It is too late to edit this message.")


def check_delete(seat: Seat, message: Message) -> None:
    """One's own, or any for moderators; what happened to the room stays."""
    own = message.sender_id == seat.user.pk
    if message.kind != Message.Kind.USER or not (own or is_exempt(seat)):
        raise Forbidden("You may not delete this message.")


def check_react(seat: Seat, message: Message) -> None:
    check_send(seat)
    if message.deleted_at is not None:
        raise MessageNotFound


def check_pin(seat: Seat, message: Message) -> None:
    if not is_exempt(seat):
        raise Forbidden("Only moderators pin messages.")
    if message.deleted_at is not None:
        raise MessageNotFound


def check_written(message: Message) -> None:
    """Only a message that somebody wrote takes reactions and pins.

    A system message keeps its `rev`: moved to a later number, the message that takes a
    person out would come after what that person must not receive.
    """
    if message.kind != Message.Kind.USER:
        raise Forbidden("The room itself says this: nobody reacts to it or pins it.")
