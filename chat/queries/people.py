"""The people of a room, and all others."""

from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower

from accounts.actor import Actor, check_account
from accounts.models import User
from core.ids import known_uuids
from core.limits.table import SEARCH_CHARACTERS
from core.text import clean_line

from .. import presence
from ..errors import UserNotFound
from ..payloads.people import (
    ProfilePayload,
    profile_payload,
)


def profile(actor: Actor, user_id: str) -> ProfilePayload:
    """Raises UserNotFound for whoever is not there any more, too."""
    check_account(actor)
    person = _people().filter(pk__in=known_uuids([user_id])).first()
    if person is None:
        raise UserNotFound
    return _profile(person)


def users(actor: Actor, search: str) -> list[ProfilePayload]:
    """Other people whose username or display name begins like this: the first 20."""
    check_account(actor)
    # The database folds both sides, as its indexes do (accounts/0004).
    begin = Lower(Value(clean_line("search", search, SEARCH_CHARACTERS)))
    begins = Q(folded_name__startswith=begin) | Q(folded_display__startswith=begin)
    found = _people().alias(
        folded_name=Lower("username"), folded_display=Lower("display_name")
    )
    found = found.filter(begins).exclude(pk=actor.id)
    return [_profile(person) for person in found.order_by("username")[:20]]


def _people() -> QuerySet[User]:
    people = User.objects.filter(is_active=True, is_guest=False)
    return people.annotate(online=presence.shown_online())


def _profile(person: Any) -> ProfilePayload:
    return profile_payload(person, online=person.online)
