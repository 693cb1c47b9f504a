"""Who may not come back into a room."""

from accounts.actor import Actor

from ..access.roles import check_manage
from ..access.rooms import access_room
from ..payloads.rooms import BanPayload, ban_payload


def bans(actor: Actor, room_id: str) -> list[BanPayload]:
    """Who may not come back, by username; for those who can lift it."""
    seat = access_room(actor, room_id)
    check_manage(seat)
    found = seat.room.bans.select_related("user").order_by("user__username")
    return [ban_payload(ban) for ban in found]
