"""The bans of a room."""

from accounts.actor import Actor

from ..access.roles import check_manage
from ..access.rooms import access_room
from ..payloads.rooms import BanPayload, ban_payload


def bans(actor: Actor, room_id: str) -> list[BanPayload]:
    """The people who may not come back, by username; for those who can lift a ban.

    Raises RoomNotFound or Forbidden.
    """
    seat = access_room(actor, room_id)
    check_manage(seat)
    rows = seat.room.bans.select_related("user").order_by("user__username")
    return [ban_payload(ban) for ban in rows]
