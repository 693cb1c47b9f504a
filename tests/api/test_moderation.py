"""POST, PATCH and DELETE rooms/{id}/members..., mutes and bans."""

from typing import NamedTuple

import pytest

from accounts.models import User
from chat.models import Ban, Membership
from chat.payloads.rooms import RoomPayload
from tests.people import access_token, person

from .door import Answer, Door, check_refused


class Call(NamedTuple):
    """The requests about one person; `{}` is their id."""

    method: str
    path: str
    body: object = None

    def ask(self, door: Door, room: RoomPayload, user_id: object) -> Answer:
        path = f"rooms/{room.id}/{self.path.format(user_id)}"
        return door.send(self.method, path, self.body)


REMOVE = Call("DELETE", "members/{}")
PROMOTE = Call("PATCH", "members/{}", {"role": "moderator"})
MUTE = Call("PUT", "members/{}/mute", {"seconds": 60})
UNMUTE = Call("DELETE", "members/{}/mute")
BAN = Call("PUT", "bans/{}")
UNBAN = Call("DELETE", "bans/{}")
CALLS = [REMOVE, PROMOTE, MUTE, UNMUTE, BAN, UNBAN]


def call_name(call: object) -> str:
    return f"{call.method} {call.path}" if isinstance(call, Call) else str(call)


each = pytest.mark.parametrize("call", CALLS, ids=call_name)


@pytest.fixture
def as_mona(room: RoomPayload) -> Door:
    """A moderator of the room."""
    mona = person("mona")
    Membership.objects.create(room_id=room.id, user=mona, role="moderator")
    return Door(access_token(mona))


@each
def test_owner_does_all(
    as_alice: Door, bob: User, room: RoomPayload, call: Call
) -> None:
    answer = call.ask(as_alice, room, bob.pk)
    assert answer.status == (200 if call in (PROMOTE, MUTE) else 204)
    assert (answer.content == b"") == (answer.status == 204)


@pytest.mark.parametrize("call", [REMOVE, MUTE, UNMUTE, BAN, UNBAN], ids=call_name)
def test_moderator_does_all_but_give_roles(
    as_mona: Door, bob: User, room: RoomPayload, call: Call
) -> None:
    assert call.ask(as_mona, room, bob.pk).status in {200, 204}
    check_refused(PROMOTE.ask(as_mona, room, bob.pk), 403, "forbidden")


@pytest.mark.parametrize("call", [REMOVE, PROMOTE, MUTE, UNMUTE, BAN], ids=call_name)
def test_moderator_does_nothing_to_the_owner(
    as_mona: Door, alice: User, room: RoomPayload, call: Call
) -> None:
    check_refused(call.ask(as_mona, room, alice.pk), 403, "forbidden")


@each
def test_members_and_outsiders_do_nothing(
    as_bob: Door,
    as_charlie: Door,
    alice: User,
    bob: User,
    room: RoomPayload,
    call: Call,
) -> None:
    for user in (alice, bob):
        for door in (as_bob, as_charlie):
            check_refused(call.ask(door, room, user.pk), 403, "forbidden")
    assert (Membership.objects.count(), Ban.objects.count()) == (2, 0)


@each
def test_banned_person_is_answered_as_if_there_were_no_room(
    as_charlie: Door, bob: User, charlie: User, room: RoomPayload, call: Call
) -> None:
    Ban.objects.create(room_id=room.id, user=charlie)
    check_refused(call.ask(as_charlie, room, bob.pk), 404, "room_not_found")


@each
@pytest.mark.parametrize("user_id", ["nonsense", "bob", "0" * 40, "%00", "%C3%A9"])
def test_unknown_person(
    as_alice: Door, bob: User, room: RoomPayload, call: Call, user_id: str
) -> None:
    check_refused(call.ask(as_alice, room, user_id), 404, "user_not_found")


@pytest.mark.parametrize("call", [REMOVE, BAN], ids=call_name)
def test_last_owner_stays(
    as_alice: Door, alice: User, room: RoomPayload, call: Call
) -> None:
    check_refused(call.ask(as_alice, room, alice.pk), 403, "forbidden")


def test_last_owner_stays_owner(as_alice: Door, alice: User, room: RoomPayload) -> None:
    check_refused(PROMOTE.ask(as_alice, room, alice.pk), 403, "forbidden")


def test_changed_role_is_shown(as_alice: Door, bob: User, room: RoomPayload) -> None:
    changed = PROMOTE.ask(as_alice, room, bob.pk).json()
    assert (changed["user"]["username"], changed["role"]) == ("bob", "moderator")
    [_, listed] = as_alice.get(f"rooms/{room.id}/members").json()["members"]
    assert listed == changed


def test_mute_is_shown_and_felt(
    as_mona: Door, as_bob: Door, bob: User, room: RoomPayload
) -> None:
    message = {"client_id": "1", "body": "hello"}
    path = f"rooms/{room.id}/messages"
    assert MUTE.ask(as_mona, room, bob.pk).json()["muted_until"].endswith("Z")
    check_refused(as_bob.post(path, message), 403, "muted")
    assert as_bob.get(path).status == 200
    assert UNMUTE.ask(as_mona, room, bob.pk).status == 204
    assert as_bob.post(path, message).status == 201


@pytest.mark.parametrize("call", [MUTE, UNMUTE, PROMOTE, REMOVE], ids=call_name)
def test_outsider_is_no_member(
    as_alice: Door, charlie: User, room: RoomPayload, call: Call
) -> None:
    check_refused(call.ask(as_alice, room, charlie.pk), 404, "user_not_found")


def test_banned_member_is_out_until_the_ban_is_lifted(
    as_mona: Door, as_bob: Door, bob: User, room: RoomPayload
) -> None:
    path = f"rooms/{room.id}"
    assert BAN.ask(as_mona, room, bob.pk).status == 204
    [banned] = as_mona.get(f"{path}/bans").json()["bans"]
    assert set(banned) == {"user", "created_at"}
    assert banned["user"]["id"] == str(bob.pk)
    check_refused(as_bob.get(path), 404, "room_not_found")
    check_refused(as_bob.post(f"{path}/join"), 404, "room_not_found")
    assert UNBAN.ask(as_mona, room, bob.pk).status == 204
    assert as_mona.get(f"{path}/bans").json() == {"bans": []}
    assert as_bob.post(f"{path}/join").status == 200


def test_bans_are_for_who_manages(
    as_bob: Door, as_charlie: Door, room: RoomPayload
) -> None:
    for door in (as_bob, as_charlie):
        check_refused(door.get(f"rooms/{room.id}/bans"), 403, "forbidden")


def test_adding(
    as_mona: Door, as_charlie: Door, charlie: User, room: RoomPayload
) -> None:
    path = f"rooms/{room.id}/members"
    added = as_mona.post(path, {"user": "Charlie"})
    assert (added.status, added.json()["user"]["id"]) == (201, str(charlie.pk))
    again = as_mona.post(path, {"user": str(charlie.pk)})
    assert (again.status, again.json()) == (200, added.json())
    assert as_charlie.get(path).status == 200


def test_adding_to_a_private_room(
    as_alice: Door, as_charlie: Door, charlie: User, private_room: RoomPayload
) -> None:
    path = f"rooms/{private_room.id}/members"
    check_refused(as_charlie.post(path, {"user": "charlie"}), 404, "room_not_found")
    assert as_alice.post(path, {"user": "charlie"}).status == 201
    check_refused(as_charlie.post(path, {"user": "alice"}), 403, "forbidden")


@pytest.mark.parametrize("user", ["nobody", "ali", "x y", "é"])
def test_adding_who_is_not_there(as_alice: Door, room: RoomPayload, user: str) -> None:
    answer = as_alice.post(f"rooms/{room.id}/members", {"user": user})
    check_refused(answer, 404, "user_not_found")


@pytest.mark.parametrize(
    ("call", "field", "values"),
    [
        (Call("POST", "members"), "user", [None, "", 5, [], "x" * 65, "a\x00"]),
        (PROMOTE, "role", [None, "", "Owner", "guest", 1, []]),
        (MUTE, "seconds", [None, 0, -1, "60", 1.5, True, 31_536_001]),
    ],
    ids=call_name,
)
def test_malformed_field(
    as_alice: Door,
    bob: User,
    room: RoomPayload,
    call: Call,
    field: str,
    values: list[object],
) -> None:
    for value in values:
        answer = call._replace(body={field: value}).ask(as_alice, room, bob.pk)
        check_refused(answer, 400, "invalid", field)
    check_refused(
        call._replace(body={}).ask(as_alice, room, bob.pk), 400, "invalid", field
    )
