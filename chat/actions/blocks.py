"""Whom a person does not want to hear from. The list is theirs alone.

The rules that follow from it are in access/; clients hide what the blocked write in
rooms, since a message is the same for all who receive it.
"""

from django.db import transaction

from accounts.actor import Actor, check_account
from accounts.models import User
from accounts.revocation import current
from core import limits
from core.bus import publisher
from core.bus.envelopes import ToPerson
from core.errors import Invalid

from ..access.people import find_any_person
from ..events import BlocksChanged, encode
from ..models import Block, Room
from .direct import pair_of


@transaction.atomic
def block(actor: Actor, user_id: str) -> None:
    """From now on they write nothing into the direct room of the two."""
    person = _person(actor, user_id)
    if person == actor.user:
        raise Invalid(fields={"user": ["This is you."]})
    # The room's lock first: what is written there came before the block, or is refused.
    direct = Room.objects.select_for_update(no_key=True)
    direct.filter(pair=pair_of(actor.user, person)).first()
    _, made = Block.objects.get_or_create(user=actor.user, blocked=person)
    if made:
        _announce(actor.user)


@transaction.atomic
def unblock(actor: Actor, user_id: str) -> None:
    person = _person(actor, user_id)
    if Block.objects.filter(user=actor.user, blocked=person).delete()[0]:
        _announce(actor.user)


def _person(actor: Actor, user_id: str) -> User:
    check_account(actor)
    limits.profile_changes.take(actor.id)
    # Locked: of two changes at once, the later event tells of both.
    current(actor, lock=True)
    return find_any_person(user_id)


def _announce(user: User) -> None:
    ids = user.blocks.order_by("pk").values_list("blocked_id", flat=True)
    event = BlocksChanged([str(pk) for pk in ids])
    envelope = ToPerson(str(user.pk), encode(event))
    transaction.on_commit(lambda: publisher.publish([envelope]))
