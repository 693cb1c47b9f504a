"""Invitations by link: who gets in, how often, and what is kept of the code."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from hashlib import sha256

import pytest
from django.utils import timezone

from accounts.models import User
from chat import queries
from chat.actions import invitations
from chat.actions.direct import create_group
from chat.actions.memberships import leave_room
from chat.actions.rooms import create_room
from chat.errors import InvitationNotFound
from chat.models import Ban, Invitation, Membership, Room
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope
from tests.people import acting, person

from .envelopes import logged, to_person
from .inviting import link, refused

committing = pytest.mark.django_db(transaction=True)


@committing
def test_a_person_who_comes_in_by_a_link_is_told_of_the_room(
    alice: User, charlie: User, private_room: RoomPayload, published: list[Envelope]
) -> None:
    code = link(alice, private_room)
    published.clear()
    invitations.accept_link(acting(charlie), code)
    [added] = to_person(published, charlie)
    assert (added["type"], added["room"]["head_seq"]) == ("room.added", 2)


# --- By link --------------------------------------------------------------------------


def test_a_link_lets_everybody_in_who_has_it(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=2)
    preview = queries.invitations.preview(acting(charlie), code)
    assert (preview.room.name, preview.member_count) == ("attic", 1)
    assert preview.inviter.username == "alice"
    assert invitations.accept_link(acting(charlie), code).role == "member"
    assert logged(private_room)[-1]["invited_by"] == str(alice.pk)
    [shown] = queries.invitations.invitations(acting(alice), private_room.id)
    assert (shown.uses, shown.max_uses, shown.person) == (1, 2, None)


def test_a_code_is_long_and_only_its_hash_is_stored(
    alice: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room)
    assert len(code) == 22
    [row] = Invitation.objects.values()
    assert code not in str(row)
    assert row["code_hash"] == sha256(code.encode()).hexdigest()
    assert code not in str(
        queries.invitations.invitations(acting(alice), private_room.id)
    )


def test_a_link_lets_in_no_more_people_than_it_says(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=1)
    invitations.accept_link(acting(charlie), code)
    erin = person("erin")
    assert (
        refused(lambda: invitations.accept_link(acting(erin), code))[0]
        is InvitationNotFound
    )
    assert not Membership.objects.filter(user=erin).exists()


def test_a_member_who_follows_a_link_uses_it_up_no_further(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=1)
    first = invitations.accept_link(acting(charlie), code)
    assert invitations.accept_link(acting(charlie), code) == first
    assert invitations.accept_link(acting(alice), code).role == "owner"
    assert Invitation.objects.get().uses == 1
    assert Room.objects.get().head_seq == 2


def test_a_person_who_left_needs_another_use_of_the_link(
    alice: User, charlie: User, private_room: RoomPayload
) -> None:
    code = link(alice, private_room, max_uses=2)
    for _ in range(2):
        invitations.accept_link(acting(charlie), code)
        leave_room(acting(charlie), private_room.id)
    found = refused(lambda: invitations.accept_link(acting(charlie), code))
    assert found[0] is InvitationNotFound


def expire(room: RoomPayload, user: User) -> object:
    return Invitation.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(
    "change",
    [
        expire,
        lambda room, user: Invitation.objects.update(max_uses=1, uses=1),
        lambda room, user: Invitation.objects.all().delete(),
        lambda room, user: Room.objects.update(archived_at=timezone.now()),
        lambda room, user: Room.objects.update(staff_only=True),
        lambda room, user: Ban.objects.create(room_id=room.id, user=user),
        lambda room, user: Room.objects.all().delete(),
    ],
    ids=[
        "expired",
        "used up",
        "revoked",
        "archived",
        "staff only",
        "banned",
        "deleted",
    ],
)
def test_a_link_that_lets_nobody_in_answers_as_an_unknown_one(
    alice: User, charlie: User, private_room: RoomPayload, change: Callable[..., object]
) -> None:
    code = link(alice, private_room)
    change(private_room, charlie)
    for job in (queries.invitations.preview, invitations.accept_link):
        unknown = refused(partial(job, acting(charlie), "nobodyknowsthis"))
        assert unknown == (InvitationNotFound, InvitationNotFound.detail)
        assert refused(partial(job, acting(charlie), code)) == unknown
    assert not Membership.objects.filter(user=charlie).exists()


def test_a_staff_member_enters_a_staff_room_by_link(dora: User) -> None:
    room = create_room(acting(dora), name="bridge", kind="private", staff_only=True)
    erin = person("erin", is_staff=True)
    assert invitations.accept_link(acting(erin), link(dora, room)).role == "member"


def test_expired_links_are_not_shown_and_then_deleted(
    alice: User, charlie: User, room: RoomPayload
) -> None:
    link(alice, room)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    link(alice, room)
    invitations.invite_person(acting(alice), room.id, "charlie")
    assert len(queries.invitations.invitations(acting(alice), room.id)) == 2
    invitations.forget_expired()
    assert Invitation.objects.count() == 2


def test_a_link_into_a_full_group_lets_nobody_in(alice: User) -> None:
    names = [str(person(f"one-of-{number}").pk) for number in range(9)]
    group = create_group(acting(alice), names)
    code = link(alice, group)
    with pytest.raises(InvitationNotFound):
        invitations.accept_link(acting(person("eleventh")), code)
