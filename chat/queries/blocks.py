"""Blocks, from both sides: those a person has made, and those made against them."""

from accounts.actor import Actor

from ..models import Block
from ..payloads.people import UserPayload, user_payload


def blocks(actor: Actor) -> list[UserPayload]:
    """The people whom this person has blocked, by username."""
    rows = actor.user.blocks.select_related("blocked").order_by("blocked__username")
    return [user_payload(block.blocked) for block in rows]


def blocked_by(actor: Actor) -> list[str]:
    """The ids of the people who have blocked this one."""
    rows = Block.objects.filter(blocked=actor.user).order_by("pk")
    return [str(pk) for pk in rows.values_list("user_id", flat=True)]
