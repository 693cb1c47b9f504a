"""People who take the last use of a link, or of whom one closes it, at one moment."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import User
from chat.actions import bans, invitations
from chat.actions.memberships import join_room
from chat.errors import InvitationNotFound
from chat.models import Invitation, Membership, Message
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person

from .threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_use_of_a_link_lets_exactly_one_person_in(
    alice: User, private_room: RoomPayload
) -> None:
    link = invitations.make_link(
        acting(alice), private_room.id, expires_in=60, max_uses=1
    )
    people = [person(f"p{number}") for number in range(8)]
    outcomes = at_once(
        [
            partial(invitations.accept_link, acting(user), str(link.code))
            for user in people
        ]
    )
    assert sum(isinstance(outcome, RoomPayload) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvitationNotFound) for outcome in outcomes) == 7
    assert Membership.objects.filter(room_id=private_room.id).count() == 2
    assert Invitation.objects.get().uses == 1


def test_one_person_in_many_tabs_uses_a_link_once(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    link = invitations.make_link(
        acting(alice), private_room.id, expires_in=60, max_uses=3
    )
    accept = partial(invitations.accept_link, acting(charlie), str(link.code))
    outcomes = at_once([accept] * 8)
    assert all(isinstance(outcome, RoomPayload) for outcome in outcomes)
    assert Invitation.objects.get().uses == 1
    assert Message.objects.filter(room_id=private_room.id).count() == 2


def test_accepting_and_joining_at_once_is_becoming_a_member_once(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), room.id, "charlie")
    outcomes = at_once(
        [
            partial(invitations.accept, acting(charlie), made.id),
            partial(join_room, acting(charlie), room.id),
        ]
    )
    assert isinstance(outcomes[1], RoomPayload)
    assert isinstance(outcomes[0], RoomPayload | InvitationNotFound)
    assert Membership.objects.filter(user=charlie).count() == 1
    assert Invitation.objects.count() == 0


def test_a_person_who_is_banned_while_accepting_stays_out(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    made, _ = invitations.invite_person(acting(alice), private_room.id, "charlie")
    jobs: list[Callable[[], object]] = [
        partial(invitations.accept, acting(charlie), made.id),
        partial(bans.ban, acting(alice), private_room.id, str(charlie.pk)),
    ]
    at_once(jobs)
    assert not Membership.objects.filter(user=charlie).exists()
    assert Invitation.objects.count() == 0
