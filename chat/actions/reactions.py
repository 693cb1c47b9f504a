"""Reactions: a person puts each emoji on a message once."""

import emoji as emoji_names

from accounts.actor import Actor
from core import limits
from core.bus.envelopes import EventName
from core.errors import Invalid, TooLong
from core.limits.table import LIMITS

from ..access.messages import check_react, check_written
from ..access.seat import Seat
from ..log.append import change
from ..log.draft import Written
from ..models import Message, Reaction


def add_reaction(actor: Actor, room: str, seq: int, *, emoji: str) -> Written:
    """Raises Invalid for a text that is no emoji, TooLong for one kind too many, and
    what sending a message raises."""
    limits.messages.take(actor.id)
    if not emoji_names.is_emoji(emoji):
        raise Invalid(fields={"emoji": ["This is not one emoji."]})

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_react(seat, message)
        check_written(message)
        kinds = set(message.reactions.values_list("emoji", flat=True))
        if len(kinds | {emoji}) > LIMITS.reaction_kinds:
            raise TooLong(f"A message has at most {LIMITS.reaction_kinds} emoji.")
        _, is_new = Reaction.objects.get_or_create(
            message=message, user=seat.user, emoji=emoji
        )
        return "message.updated" if is_new else None

    return change(actor, room, seq, edit)


def remove_reaction(actor: Actor, room: str, seq: int, *, emoji: str) -> Written:
    """Take back a reaction; one that is not there is no error."""
    limits.messages.take(actor.id)

    def edit(seat: Seat, message: Message) -> EventName | None:
        check_react(seat, message)
        own = message.reactions.filter(user=seat.user, emoji=emoji)
        return "message.updated" if own.delete()[0] else None

    return change(actor, room, seq, edit)
