"""Wire shapes that only REST has: tokens, sessions and lists."""

import msgspec

from accounts.models import Session, User
from accounts.tokens import Pair
from chat.payloads.invitations import InvitationPayload, ReceivedInvitationPayload
from chat.payloads.people import (
    ProfilePayload,
    Time,
    UserPayload,
    avatar_path,
    user_payload,
)
from chat.payloads.rooms import BanPayload, MemberPayload, RoomPayload
from core.limits.table import LIMITS


class MePayload(msgspec.Struct, frozen=True):
    """Yourself: what others see, and what only you do."""

    id: str
    username: str
    display_name: str
    is_bot: bool
    is_staff: bool
    is_guest: bool
    status: str
    appear_offline: bool
    # Confirmed, or empty. Nobody else sees it.
    email: str
    avatar: str | None
    created_at: Time
    # The bytes that your files take, and may take.
    stored_bytes: int
    stored_bytes_allowed: int


class PairPayload(msgspec.Struct, frozen=True):
    """`access` opens both doors for minutes; `refresh` buys the next pair, once."""

    access: str
    refresh: str


class LoginPayload(msgspec.Struct, frozen=True):
    access: str
    refresh: str
    user: UserPayload


class TicketPayload(msgspec.Struct, frozen=True):
    """For one socket: `/ws/v1?token=<ticket>`, within `expires_in` seconds."""

    ticket: str
    expires_in: int


class SessionPayload(msgspec.Struct, frozen=True):
    """One log-in; `current` is the one that asks."""

    id: str
    user_agent: str
    created_at: Time
    last_used_at: Time
    current: bool


class SessionsPayload(msgspec.Struct, frozen=True):
    sessions: list[SessionPayload]


class RoomsPayload(msgspec.Struct, frozen=True):
    rooms: list[RoomPayload]


class MembersPayload(msgspec.Struct, frozen=True):
    members: list[MemberPayload]


class UsersPayload(msgspec.Struct, frozen=True):
    users: list[ProfilePayload]


class BlocksPayload(msgspec.Struct, frozen=True):
    blocked: list[UserPayload]


class InvitationsPayload(msgspec.Struct, frozen=True):
    invitations: list[InvitationPayload]


class ReceivedInvitationsPayload(msgspec.Struct, frozen=True):
    invitations: list[ReceivedInvitationPayload]


class BansPayload(msgspec.Struct, frozen=True):
    bans: list[BanPayload]


def me_payload(user: User, stored_bytes: int) -> MePayload:
    return MePayload(
        str(user.pk),
        user.username,
        user.display_name,
        user.is_bot,
        user.is_staff,
        user.is_guest,
        user.status,
        user.appear_offline,
        user.email,
        avatar_path(user.avatar),
        user.created_at,
        stored_bytes,
        LIMITS.stored_bytes_per_person,
    )


def login_payload(user: User, pair: Pair) -> LoginPayload:
    return LoginPayload(pair.access, pair.refresh, user_payload(user))


def session_payload(session: Session, current: object) -> SessionPayload:
    return SessionPayload(
        str(session.pk),
        session.user_agent,
        session.created_at,
        session.last_used_at,
        session.pk == current,
    )
