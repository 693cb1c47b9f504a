"""The people of a room."""

from accounts.actor import Actor

from ..access.rooms import access_room
from ..access.visibility import check_member
from ..payloads.rooms import MemberPayload, member_payload


def members(actor: Actor, room_id: str) -> list[MemberPayload]:
    """By username; for members. Raises RoomNotFound or Forbidden."""
    seat = access_room(actor, room_id)
    check_member(seat)
    rows = seat.room.memberships.select_related("user").order_by("user__username")
    return [member_payload(membership) for membership in rows]
