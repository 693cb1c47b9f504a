"""Pinning messages, and taking the pin away."""

from django.utils import timezone

from accounts.actor import Actor
from core import limits
from core.bus.envelopes import EventName

from ..access.messages import check_pin, check_written
from ..access.seat import Seat
from ..log.append import change
from ..log.draft import Written
from ..models import Message


def pin_message(actor: Actor, room: str, seq: int, *, pinned: bool) -> Written:
    """Pin a message, or take the pin away; a pin that is there already stays.

    Raises RateLimited, RoomNotFound, MessageNotFound or Forbidden.
    """
    limits.messages.take(actor.id)

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_pin(seat, message)
        if pinned:
            check_written(message)
        if (message.pinned_at is not None) == pinned:
            return None
        message.pinned_at = timezone.now() if pinned else None
        return "message.updated"

    return change(actor, room, seq, edit)
