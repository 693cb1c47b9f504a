"""POST rooms/{id}/join and rooms/{id}/leave."""

import pytest

from accounts.models import User
from chat.actions.memberships import join_room
from chat.models import Membership, Message
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .door import Door, check_refused


def test_outsider_joins_a_public_room(
    as_charlie: Door, charlie: User, room: RoomPayload
) -> None:
    answer = as_charlie.post(f"rooms/{room.id}/join")
    assert answer.status == 200
    joined = answer.json()
    assert (joined["id"], joined["role"], joined["head_seq"]) == (room.id, "member", 3)
    assert Message.objects.get(seq=3).event == {
        "type": "member.joined",
        "user": str(charlie.pk),
    }
    assert as_charlie.get(f"rooms/{room.id}/messages").status == 200


def test_joining_again_changes_nothing(as_bob: Door, room: RoomPayload) -> None:
    answer = as_bob.post(f"rooms/{room.id}/join")
    assert (answer.status, answer.json()["head_seq"]) == (200, 2)


def test_private_room_is_not_joined(
    as_charlie: Door, private_room: RoomPayload
) -> None:
    answer = as_charlie.post(f"rooms/{private_room.id}/join")
    check_refused(answer, 404, "room_not_found")
    assert Membership.objects.count() == 1


def test_staff_room_is_joined_by_staff_alone(
    as_charlie: Door, as_dora: Door, staff_room: RoomPayload
) -> None:
    check_refused(as_charlie.post(f"rooms/{staff_room.id}/join"), 404, "room_not_found")
    assert as_dora.post(f"rooms/{staff_room.id}/join").status == 200


def test_member_leaves(as_bob: Door, bob: User, room: RoomPayload) -> None:
    answer = as_bob.post(f"rooms/{room.id}/leave")
    assert answer.status == 200
    assert (answer.json()["role"], answer.json()["head_seq"]) == (None, 3)
    assert Message.objects.get(seq=3).event == {
        "type": "member.left",
        "user": str(bob.pk),
    }
    check_refused(as_bob.get(f"rooms/{room.id}/messages"), 403, "forbidden")


def test_member_of_a_private_room_who_leaves_sees_it_no_longer(
    as_bob: Door, bob: User, private_room: RoomPayload
) -> None:
    Membership.objects.create(room_id=private_room.id, user=bob)
    assert as_bob.post(f"rooms/{private_room.id}/leave").status == 200
    check_refused(as_bob.get(f"rooms/{private_room.id}"), 404, "room_not_found")


def test_last_owner_may_not_leave(as_alice: Door, room: RoomPayload) -> None:
    check_refused(as_alice.post(f"rooms/{room.id}/leave"), 403, "forbidden")
    assert as_alice.get(f"rooms/{room.id}").json()["role"] == "owner"
    assert Message.objects.count() == 2


def test_owner_with_another_owner_may(
    as_alice: Door, bob: User, room: RoomPayload
) -> None:
    Membership.objects.filter(user=bob).update(role="owner")
    assert as_alice.post(f"rooms/{room.id}/leave").json()["role"] is None


def test_outsider_leaves_without_a_trace(as_charlie: Door, room: RoomPayload) -> None:
    answer = as_charlie.post(f"rooms/{room.id}/leave")
    assert (answer.status, answer.json()["role"]) == (200, None)
    assert Message.objects.count() == 2


def test_a_person_who_comes_back_is_a_member_again(
    as_bob: Door, bob: User, room: RoomPayload
) -> None:
    as_bob.post(f"rooms/{room.id}/leave")
    assert join_room(acting(bob), room.id).head_seq == 4
    assert as_bob.get(f"rooms/{room.id}/messages").status == 200


@pytest.mark.parametrize("verb", ["join", "leave"])
def test_anonymous_does_neither(anonymous: Door, room: RoomPayload, verb: str) -> None:
    check_refused(anonymous.post(f"rooms/{room.id}/{verb}"), 401, "unauthorized")
    assert Membership.objects.count() == 2
