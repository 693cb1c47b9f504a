"""How people show themselves. What others see of it is told to them."""

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
    """The person as they are then; what is as wished already stays silent."""
    check_account(actor)
    limits.profile_changes.take(actor.id)
    # Locked: of two devices that change at once the later one is told last.
    person = current(actor, lock=True).user
    changed = set()
    for name, value in changes.items():
        longest = LONGEST.get(name)
        wanted = clean_line(name, value, longest) if longest else value
        if getattr(person, name) != wanted:
            setattr(person, name, wanted)
            changed.add(name)
    person.save(update_fields=changed)
    if changed & LONGEST.keys():
        announce_person(person)
    if "appear_offline" in changed:
        presence.switch(person)
    return person
