"""Blocks, from both sides: those a person has made, and those made against them."""

from accounts.actor import Actor

from ..models import Block
from ..payloads.people import USER_COLUMNS, UserPayload, user_of_row


def blocks(actor: Actor) -> list[UserPayload]:
    """The people whom this person has blocked, by username."""
    columns = [f"blocked__{column}" for column in USER_COLUMNS]
    rows = actor.user.blocks.order_by("blocked__username").values_list(*columns)
    return [user_of_row(row) for row in rows]


def blocked_by(actor: Actor) -> list[str]:
    """The ids of the people who have blocked this one."""
    rows = Block.objects.filter(blocked=actor.user).order_by("pk")
    return [str(pk) for pk in rows.values_list("user_id", flat=True)]
