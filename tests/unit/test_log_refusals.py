"""Drafts that the log refuses: it reads rights again, under the room's lock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from chat.actions.memberships import leave_room
from chat.actions.rooms import create_room
from chat.errors import Muted, RoomNotFound
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Room
from chat.payloads.rooms import RoomPayload
from core.errors import Forbidden, Refusal, Unauthorized
from tests.people import NOBODY, acting


@pytest.fixture
def draft(bob: User, room: RoomPayload) -> Draft:
    return Draft(room.id, acting(bob), "hello", client_id="1")


def mute(user: User, seconds: float) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    Membership.objects.filter(user=user).update(muted_until=until)


def refused_as(draft: Draft, kind: type[Refusal]) -> bool:
    """Refused, and nothing stored."""
    before = Message.objects.count()
    with pytest.raises(kind) as refused:
        append_one(draft)
    assert type(refused.value) is kind
    return Message.objects.count() == before


def test_an_outsider_does_not_write_into_a_public_room(
    charlie: User, room: RoomPayload
) -> None:
    assert refused_as(Draft(room.id, acting(charlie), "hello"), Forbidden)


def test_an_outsider_does_not_find_a_private_room(
    charlie: User, private_room: RoomPayload
) -> None:
    assert refused_as(Draft(private_room.id, acting(charlie), "hello"), RoomNotFound)


@pytest.mark.parametrize("room_id", ["", "general", "\x00", NOBODY])
def test_a_draft_for_a_missing_room_is_refused(alice: User, room_id: str) -> None:
    assert refused_as(Draft(room_id, acting(alice), "hello"), RoomNotFound)


def test_a_member_who_is_staff_no_longer_does_not_find_the_staff_room(
    dora: User, staff_room: RoomPayload
) -> None:
    User.objects.filter(pk=dora.pk).update(is_staff=False)
    # The person in memory still has it: the database decides.
    assert dora.is_staff
    assert refused_as(Draft(staff_room.id, acting(dora), "hello"), RoomNotFound)


def test_a_person_who_left_does_not_write(
    bob: User, room: RoomPayload, draft: Draft
) -> None:
    leave_room(acting(bob), room.id)
    assert refused_as(draft, Forbidden)


def test_a_muted_member_does_not_write(bob: User, draft: Draft) -> None:
    mute(bob, seconds=60)
    assert refused_as(draft, Muted)


def test_a_member_whose_mute_is_over_writes(bob: User, draft: Draft) -> None:
    mute(bob, seconds=-1)
    assert append_one(draft).message.body == "hello"


def test_a_muted_sender_who_retries_learns_that_the_first_attempt_worked(
    bob: User, draft: Draft
) -> None:
    first = append_one(draft)
    mute(bob, seconds=60)
    again = append_one(draft)
    assert again.duplicate
    assert again.message == first.message


def test_a_deactivated_person_does_not_write(bob: User, draft: Draft) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert refused_as(draft, Unauthorized)


def test_a_deleted_person_does_not_write(bob: User, draft: Draft) -> None:
    User.objects.filter(pk=bob.pk).delete()
    assert refused_as(draft, Unauthorized)


def test_a_draft_from_before_a_password_change_is_refused(
    bob: User, draft: Draft
) -> None:
    tokens.revoke_all(User.objects.get(pk=bob.pk))
    assert refused_as(draft, Unauthorized)


def test_a_member_of_one_room_is_an_outsider_of_another_in_the_same_batch(
    bob: User, room: RoomPayload, private_room: RoomPayload, charlie: User
) -> None:
    lobby = create_room(acting(charlie), name="lobby")
    rooms = [room, lobby, private_room]
    sent, outside, hidden = append([Draft(r.id, acting(bob), "hello") for r in rooms])
    assert not isinstance(sent, Refusal)
    assert type(outside) is Forbidden
    assert type(hidden) is RoomNotFound


def test_each_draft_of_a_batch_is_judged_by_itself(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    mute(bob, seconds=60)
    drafts = [
        Draft(room.id, acting(user), user.username) for user in (bob, alice, charlie)
    ]
    muted, sent, outside = append(drafts)
    assert type(muted) is Muted
    assert not isinstance(sent, Refusal)
    assert sent.message.seq == 3
    assert type(outside) is Forbidden
    assert Room.objects.get(pk=room.id).head_seq == 3
