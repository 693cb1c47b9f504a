"""The people of a room."""

from typing import Any

from django.db.models import QuerySet, UUIDField

from accounts.actor import Actor
from core.compiled import Given, compiled

from ..access.rooms import access_room
from ..access.visibility import check_member
from ..models import Membership
from ..payloads.people import USER_COLUMNS
from ..payloads.rooms import MEMBER_COLUMNS, MemberPayload, member_of_row


def members(actor: Actor, room_id: str) -> list[MemberPayload]:
    """By username; for members. Raises RoomNotFound or Forbidden."""
    seat = access_room(actor, room_id)
    check_member(seat)
    return [member_of_row(row) for row in _members().rows(room=seat.room.pk)]


@compiled
def _members() -> QuerySet[Membership, tuple[Any, ...]]:
    rows = Membership.objects.filter(room=Given("room", UUIDField()))
    user = [f"user__{column}" for column in USER_COLUMNS]
    return rows.order_by("user__username").values_list(*MEMBER_COLUMNS, *user)
