"""People of this server: one by id, and a search by name."""

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
from ..payloads.people import ProfilePayload, profile_payload


def profile(actor: Actor, user_id: str) -> ProfilePayload:
    """Raises UserNotFound, also for a person who has left for good."""
    check_account(actor)
    person = _people().filter(pk__in=known_uuids([user_id])).first()
    if person is None:
        raise UserNotFound
    return _profile(person)


def users(actor: Actor, search: str) -> list[ProfilePayload]:
    """The first 20 other people whose username or display name begins with `search`."""
    check_account(actor)
    # The database folds both sides, as its indexes do (accounts/0004).
    begin = Lower(Value(clean_line("search", search, SEARCH_CHARACTERS)))
    begins = Q(folded_name__startswith=begin) | Q(folded_display__startswith=begin)
    people = _people().alias(
        folded_name=Lower("username"), folded_display=Lower("display_name")
    )
    people = people.filter(begins).exclude(pk=actor.id)
    return [_profile(person) for person in people.order_by("username")[:20]]


def _people() -> QuerySet[User]:
    people = User.objects.filter(is_active=True, is_guest=False)
    return people.annotate(online=presence.shown_online())


def _profile(person: Any) -> ProfilePayload:
    return profile_payload(person, online=person.online)
