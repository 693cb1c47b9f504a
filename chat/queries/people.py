"""The people of a room, and all others."""

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower

from accounts.models import User
from core.limits import SEARCH_CHARACTERS
from core.text import clean_line

from .. import presence
from ..access.roles import check_manage
from ..access.rooms import access_room
from ..access.seat import check_account, known_uuids
from ..access.visibility import check_member
from ..errors import UserNotFound
from ..models import Block
from ..payloads import (
    BanPayload,
    MemberPayload,
    ProfilePayload,
    UserPayload,
    ban_payload,
    member_payload,
    profile_payload,
    user_payload,
)


def members(user: User, room_id: str) -> list[MemberPayload]:
    seat = access_room(user, room_id)
    check_member(seat)
    found = seat.room.memberships.select_related("user").order_by("user__username")
    return [member_payload(membership) for membership in found]


def bans(user: User, room_id: str) -> list[BanPayload]:
    """Who may not come back, by username; for those who can lift it."""
    seat = access_room(user, room_id)
    check_manage(seat)
    found = seat.room.bans.select_related("user").order_by("user__username")
    return [ban_payload(ban) for ban in found]


def profile(user: User, user_id: str) -> ProfilePayload:
    """Raises UserNotFound for whoever is not there any more, too."""
    check_account(user)
    person = _people().filter(pk__in=known_uuids([user_id])).first()
    if person is None:
        raise UserNotFound
    return _profile(person)


def users(user: User, search: str) -> list[ProfilePayload]:
    """Other people whose username or display name begins like this: the first 20."""
    check_account(user)
    # The database folds both sides, as its indexes do (accounts/0004).
    begin = Lower(Value(clean_line("search", search, SEARCH_CHARACTERS)))
    begins = Q(folded_name__startswith=begin) | Q(folded_display__startswith=begin)
    found = _people().alias(
        folded_name=Lower("username"), folded_display=Lower("display_name")
    )
    found = found.filter(begins).exclude(pk=user.pk)
    return [_profile(person) for person in found.order_by("username")[:20]]


def blocks(user: User) -> list[UserPayload]:
    """Whom this person does not want to hear from, by username."""
    found = user.blocks.select_related("blocked").order_by("blocked__username")
    return [user_payload(block.blocked) for block in found]


def blocked_by(user: User) -> list[str]:
    """The ids of the people who do not want to hear from this one."""
    found = Block.objects.filter(blocked=user).order_by("pk")
    return [str(pk) for pk in found.values_list("user_id", flat=True)]


def _people() -> QuerySet[User]:
    people = User.objects.filter(is_active=True, is_guest=False)
    return people.annotate(online=presence.shown_online())


def _profile(person: Any) -> ProfilePayload:
    return profile_payload(person, online=person.online)
