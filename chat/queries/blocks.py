"""Whom a person does not want to hear from, and who does not want to hear from them."""

from accounts.actor import Actor

from ..models import Block
from ..payloads.people import UserPayload, user_payload


def blocks(actor: Actor) -> list[UserPayload]:
    """Whom this person does not want to hear from, by username."""
    found = actor.user.blocks.select_related("blocked").order_by("blocked__username")
    return [user_payload(block.blocked) for block in found]


def blocked_by(actor: Actor) -> list[str]:
    """The ids of the people who do not want to hear from this one."""
    found = Block.objects.filter(blocked=actor.user).order_by("pk")
    return [str(pk) for pk in found.values_list("user_id", flat=True)]
