"""The people of a room, and all others."""

from django.db.models import Q

from accounts.models import User

from ..access import access_room, check_manage, check_read
from ..payloads import (
    BanPayload,
    MemberPayload,
    UserPayload,
    ban_payload,
    member_payload,
    user_payload,
)


def members(user: User, room_id: str) -> list[MemberPayload]:
    seat = access_room(user, room_id)
    check_read(seat)
    found = seat.room.memberships.select_related("user").order_by("user__username")
    return [member_payload(membership) for membership in found]


def bans(user: User, room_id: str) -> list[BanPayload]:
    """Who may not come back, by username; for those who can lift it."""
    seat = access_room(user, room_id)
    check_manage(seat)
    found = seat.room.bans.select_related("user").order_by("user__username")
    return [ban_payload(ban) for ban in found]


def users(user: User, search: str) -> list[UserPayload]:
    """Other people whose username or display name begins like this: the first 20."""
    begins = Q(username__istartswith=search) | Q(display_name__istartswith=search)
    found = User.objects.filter(begins, is_active=True).exclude(pk=user.pk)
    return [user_payload(person) for person in found.order_by("username")[:20]]
