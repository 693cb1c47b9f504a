"""People of this server: one by id, and a search by name."""

from typing import Any

from django.db.models import Q, QuerySet, TextField, UUIDField
from django.db.models.functions import Lower

from accounts.actor import Actor, check_account
from accounts.models import User
from core.compiled import Among, Given, compiled
from core.ids import known_uuids
from core.limits.table import SEARCH_CHARACTERS
from core.text import clean_line

from .. import presence
from ..errors import UserNotFound
from ..payloads.people import PROFILE_COLUMNS, ProfilePayload, profile_of_row

Row = tuple[Any, ...]


def profile(actor: Actor, user_id: str) -> ProfilePayload:
    """Raises UserNotFound, also for a person who has left for good."""
    check_account(actor)
    rows = _one().rows(people=known_uuids([user_id]))
    if not rows:
        raise UserNotFound
    return profile_of_row(rows[0])


def users(actor: Actor, search: str) -> list[ProfilePayload]:
    """The first 20 other people whose username or display name begins with `search`."""
    check_account(actor)
    begin = clean_line("search", search, SEARCH_CHARACTERS)
    rows = _beginning().rows(limit=20, search=begin, reader=actor.id)
    return [profile_of_row(row) for row in rows]


@compiled
def _one() -> QuerySet[User, Row]:
    return _profiles(_people().filter(Among("pk", "people", UUIDField())))


@compiled
def _beginning() -> QuerySet[User, Row]:
    # The database folds both sides, as its indexes do (accounts/0004).
    begin = Lower(Given("search", TextField()))
    begins = Q(folded_name__startswith=begin) | Q(folded_display__startswith=begin)
    people = _people().alias(
        folded_name=Lower("username"), folded_display=Lower("display_name")
    )
    others = people.filter(begins).exclude(pk=Given("reader", UUIDField()))
    return _profiles(others.order_by("username"))


def _people() -> QuerySet[User]:
    return User.objects.filter(is_active=True, is_guest=False)


def _profiles(people: QuerySet[User]) -> QuerySet[User, Row]:
    shown = people.annotate(online=presence.shown_online())
    return shown.values_list(*PROFILE_COLUMNS)
