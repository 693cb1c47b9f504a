"""A person's profile. Others are told of what they can see of it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.people import LONGEST
from accounts.revocation import current
from core import limits
from core.text import clean_line

from .. import presence
from ..announcements import announce_person


@transaction.atomic
def change_profile(actor: Actor, changes: Mapping[str, Any]) -> User:
    """Change the fields that are named; a field with its value already is left alone.

    Returns the person as stored. Raises Forbidden for guests, Invalid or RateLimited.
    """
    check_account(actor)
    limits.profile_changes.take(actor.id)
    # Locked, so that of two changes at once the later one is also announced last.
    person = current(actor, lock=True).user
    changed = set()
    for name, value in changes.items():
        longest = LONGEST.get(name)
        new = clean_line(name, value, longest) if longest else value
        if getattr(person, name) != new:
            setattr(person, name, new)
            changed.add(name)
    person.save(update_fields=changed)
    if changed & LONGEST.keys():
        announce_person(person)
    if "appear_offline" in changed:
        presence.switch(person)
    return person
