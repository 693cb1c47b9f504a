"""A draft's sender in front of the draft's room, as both are now."""

from datetime import datetime
from typing import NamedTuple

from accounts.actor import Actor
from accounts.models import User
from core.statement import loaded, time_of

from ..access.seat import Seat
from ..models import Membership, Room

_USER = (
    "id",
    "username",
    "display_name",
    "avatar",
    "is_bot",
    "is_guest",
    "is_staff",
    "is_active",
    "token_version",
)
_MEMBERSHIP = ("room_id", "user_id", "role", "muted_until")


class Sender(NamedTuple):
    """A row of sql.READ_SENDERS, in the order of its columns.

    `role` is None for somebody who is no member.
    """

    n: int
    username: str
    display_name: str
    avatar: str
    is_bot: bool
    is_guest: bool
    is_staff: bool
    is_active: bool
    token_version: int
    has_session: bool
    role: str | None
    muted_until: datetime | None
    is_banned: bool
    is_blocked: bool
    # A text in SQLite.
    wrote_at: datetime | str | None

    def may_act(self, actor: Actor) -> bool:
        """Whether the token with which the actor came in would still do."""
        return (
            self.is_active
            and (self.has_session or actor.is_system)
            and self.token_version == actor.user.token_version
        )

    def seat(self, actor: Actor, room: Room) -> Seat:
        person = loaded(User, _USER, (actor.id, *self[1:9]))
        return Seat(
            actor.as_now(person),
            room,
            self._membership(actor, room),
            is_banned=bool(self.is_banned),
            is_blocked=bool(self.is_blocked),
        )

    def _membership(self, actor: Actor, room: Room) -> Membership | None:
        if self.role is None:
            return None
        found = (room.pk, actor.id, self.role, time_of(self.muted_until))
        return loaded(Membership, _MEMBERSHIP, found)
