"""People by the id or the username that a client sends.

An unknown person raises UserNotFound, and so does a guest: guests are invisible.
"""

from collections.abc import Sequence

from django.db.models.functions import Lower

from accounts.models import User
from core.ids import known_uuids

from ..errors import UserNotFound
from ..models import Membership, Room


def find_person(reference: str) -> User:
    """An active person by id or username. Raises UserNotFound."""
    return find_people([reference])[0]


def find_people(references: Sequence[str]) -> list[User]:
    """The same for several people, each once, in two queries."""
    # Usernames are ASCII, and PostgreSQL refuses some texts that are not printable.
    names = {r.lower() for r in references if r.isascii() and r.isprintable()}
    people = User.objects.filter(is_active=True, is_guest=False)
    by_name = people.alias(folded=Lower("username")).filter(folded__in=names)
    named = {user.username.lower(): user for user in by_name}
    known = people.in_bulk(known_uuids(references))
    by_id = {str(pk): user for pk, user in known.items()}
    # No username is as long as an id, so a reference is never both.
    people_or_none = [by_id.get(r) or named.get(r.lower()) for r in references]
    if None in people_or_none:
        raise UserNotFound
    return list(dict.fromkeys(user for user in people_or_none if user is not None))


def find_any_person(user_id: str) -> User:
    """A person by id, whether their account is active or not. Raises UserNotFound."""
    people = User.objects.filter(pk__in=known_uuids([user_id]), is_guest=False)
    person = people.first()
    if person is None:
        raise UserNotFound
    return person


def find_member(room: Room, user_id: str) -> Membership:
    """The member with this person's id. Raises UserNotFound."""
    members = Membership.objects.filter(room=room, user__in=known_uuids([user_id]))
    member = members.select_related("user").first()
    if member is None:
        raise UserNotFound
    return member
