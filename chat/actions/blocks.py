"""Blocking people. The list is private to the person who blocks.

access/ has the rules that follow from a block. In rooms of many, clients hide what a
blocked person writes, since the server sends everybody the same message.
"""

from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.revocation import current
from core import limits
from core.errors import Invalid

from ..access.people import find_any_person
from ..announcements import tell
from ..events import BlocksChanged
from ..models import Block, Room
from .direct import pair_of


@transaction.atomic
def block(actor: Actor, user_id: str) -> None:
    """Keep a person from writing into the direct room of the two. Raises UserNotFound
    for nobody, and Invalid for oneself."""
    person = _person(actor, user_id)
    if person == actor.user:
        raise Invalid(fields={"user": ["This is you."]})
    # The room's lock first: a message there is stored before the block, or refused.
    direct = Room.objects.select_for_update(no_key=True)
    direct.filter(pair=pair_of(actor.user, person)).first()
    _, is_new = Block.objects.get_or_create(user=actor.user, blocked=person)
    if is_new:
        _announce(actor.user)


@transaction.atomic
def unblock(actor: Actor, user_id: str) -> None:
    person = _person(actor, user_id)
    if Block.objects.filter(user=actor.user, blocked=person).delete()[0]:
        _announce(actor.user)


def _person(actor: Actor, user_id: str) -> User:
    check_account(actor)
    limits.profile_changes.take(actor.id)
    # Locked, so that of two changes at once the later event tells of both.
    current(actor, lock=True)
    return find_any_person(user_id)


def _announce(user: User) -> None:
    ids = user.blocks.order_by("pk").values_list("blocked_id", flat=True)
    tell(user.pk, BlocksChanged([str(pk) for pk in ids]))
