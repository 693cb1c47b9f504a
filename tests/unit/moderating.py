"""Shared by the tests of moderation: members, and events about them."""

from typing import Any

from accounts.models import User
from chat.models import Membership
from chat.payloads.rooms import RoomPayload
from tests.people import person


def member_of(room: RoomPayload, name: str, role: str = "member") -> User:
    user = person(name)
    Membership.objects.create(room_id=room.id, user=user, role=role)
    return user


def roles(room: RoomPayload) -> dict[str, str]:
    members = Membership.objects.filter(room_id=room.id).select_related("user")
    return {member.user.username: member.role for member in members}


def of(user: User, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "user": str(user.pk), **fields}
