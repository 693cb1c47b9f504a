"""People by what a client calls them. Whoever is not there raises UserNotFound.

Guests are there for nobody.
"""

from collections.abc import Sequence

from django.db.models.functions import Lower

from accounts.models import User
from core.ids import known_uuids

from ..errors import UserNotFound
from ..models import Membership, Room


def find_person(reference: str) -> User:
    """By id or username, active people alone. Raises UserNotFound."""
    return find_people([reference])[0]


def find_people(references: Sequence[str]) -> list[User]:
    """The same for several, each once, in two queries."""
    # Usernames are ASCII; what is no text cannot be asked of the database.
    names = {r.lower() for r in references if r.isascii() and r.isprintable()}
    people = User.objects.filter(is_active=True, is_guest=False)
    by_name = people.alias(folded=Lower("username")).filter(folded__in=names)
    named = {user.username.lower(): user for user in by_name}
    known = people.in_bulk(known_uuids(references))
    by_id = {str(pk): user for pk, user in known.items()}
    # No username is as long as an id: a reference is never both.
    found = [by_id.get(r) or named.get(r.lower()) for r in references]
    if None in found:
        raise UserNotFound
    return list(dict.fromkeys(user for user in found if user is not None))


def find_any_person(user_id: str) -> User:
    """By id, active or not. Raises UserNotFound."""
    people = User.objects.filter(pk__in=known_uuids([user_id]), is_guest=False)
    person = people.first()
    if person is None:
        raise UserNotFound
    return person


def find_member(room: Room, user_id: str) -> Membership:
    """A member by the id of the person. Raises UserNotFound."""
    members = Membership.objects.filter(room=room, user__in=known_uuids([user_id]))
    member = members.select_related("user").first()
    if member is None:
        raise UserNotFound
    return member
