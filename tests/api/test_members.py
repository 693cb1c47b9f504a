"""GET rooms/{id}/members."""

from accounts.models import User
from chat.payloads.rooms import RoomPayload

from .door import Door, check_refused


def test_members(as_bob: Door, alice: User, bob: User, room: RoomPayload) -> None:
    answer = as_bob.get(f"rooms/{room.id}/members")
    assert answer.status == 200
    members = answer.json()["members"]
    fields = {"user", "role", "muted_until", "joined_at"}
    assert [set(member) for member in members] == [fields] * 2
    assert [(m["user"]["id"], m["role"]) for m in members] == [
        (str(alice.pk), "owner"),
        (str(bob.pk), "member"),
    ]


def test_outsider_of_a_public_room_is_told_to_join(
    as_charlie: Door, room: RoomPayload
) -> None:
    check_refused(as_charlie.get(f"rooms/{room.id}/members"), 403, "forbidden")


def test_anonymous_sees_nobody(anonymous: Door, room: RoomPayload) -> None:
    check_refused(anonymous.get(f"rooms/{room.id}/members"), 401, "unauthorized")
