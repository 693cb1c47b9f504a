"""Invitations, notification levels and slash forms over REST."""

import logging
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from chat import queries
from chat.models import Ban, Invitation, Membership, Room
from chat.payloads.rooms import RoomPayload

from .door import Answer, Door, check_refused


def invite(door: Door, room: RoomPayload, **body: object) -> Answer:
    return door.post(f"rooms/{room.id}/invitations", body)


@pytest.fixture
def code(as_alice: Door, private_room: RoomPayload) -> str:
    return str(invite(as_alice, private_room, max_uses=1).json()["code"])


def test_person_is_invited_and_accepts(
    as_alice: Door, as_charlie: Door, charlie: User, private_room: RoomPayload
) -> None:
    answer = invite(as_alice, private_room, user="charlie")
    made = answer.json()
    assert (answer.status, made["room"]) == (201, private_room.id)
    assert (made["person"]["id"], made["inviter"]["username"]) == (
        str(charlie.pk),
        "alice",
    )
    assert (made["max_uses"], made["uses"], made["expires_at"]) == (None, 0, None)
    assert "code" not in made
    again = invite(as_alice, private_room, user=str(charlie.pk))
    assert (again.status, again.json()) == (200, made)
    [mine] = as_charlie.get("me/invitations").json()["invitations"]
    assert set(mine) == {"id", "room", "inviter", "created_at"}
    assert set(mine["room"]) == {"id", "kind", "name", "topic"}
    accepted = as_charlie.post(f"me/invitations/{mine['id']}/accept")
    assert (accepted.status, accepted.json()["role"]) == (200, "member")
    assert as_charlie.get(f"rooms/{private_room.id}").json() == accepted.json()


def test_person_declines(as_alice: Door, as_charlie: Door, room: RoomPayload) -> None:
    made = invite(as_alice, room, user="charlie").json()
    assert as_charlie.delete(f"me/invitations/{made['id']}").status == 204
    gone = as_charlie.delete(f"me/invitations/{made['id']}")
    check_refused(gone, 404, "invitation_not_found")
    assert as_alice.get(f"rooms/{room.id}/invitations").json() == {"invitations": []}


def test_invitation_is_taken_back(
    as_alice: Door, as_charlie: Door, private_room: RoomPayload, code: str
) -> None:
    path = f"rooms/{private_room.id}/invitations"
    [shown] = as_alice.get(path).json()["invitations"]
    assert "code" not in shown
    assert as_alice.delete(f"{path}/{shown['id']}").status == 204
    gone = as_alice.delete(f"{path}/{shown['id']}")
    check_refused(gone, 404, "invitation_not_found")
    check_refused(as_charlie.get(f"invitations/{code}"), 404, "invitation_not_found")


def test_link_shows_the_room_and_lets_in(
    as_charlie: Door, private_room: RoomPayload, code: str
) -> None:
    shown = as_charlie.get(f"invitations/{code}").json()
    assert shown["room"] == {
        "id": private_room.id,
        "kind": "private",
        "name": "attic",
        "topic": "",
    }
    assert (shown["member_count"], shown["inviter"]["username"]) == (1, "alice")
    assert Membership.objects.count() == 1
    for _ in range(2):
        answer = as_charlie.post(f"invitations/{code}/accept")
        assert (answer.status, answer.json()["role"]) == (200, "member")
    assert Invitation.objects.get().uses == 1


@pytest.mark.parametrize("way", ["expired", "used", "revoked", "archived", "banned"])
def test_link_that_is_no_longer_good_answers_as_an_unknown_one(
    as_charlie: Door,
    charlie: User,
    private_room: RoomPayload,
    code: str,
    way: str,
) -> None:
    if way == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif way == "used":
        Invitation.objects.update(uses=1)
    elif way == "revoked":
        Invitation.objects.all().delete()
    elif way == "archived":
        Room.objects.update(archived_at=timezone.now())
    else:
        Ban.objects.create(room_id=private_room.id, user=charlie)
    unknown = as_charlie.get("invitations/unknown")
    check_refused(unknown, 404, "invitation_not_found")
    assert as_charlie.get(f"invitations/{code}") == unknown
    unknown = as_charlie.post("invitations/unknown/accept")
    check_refused(unknown, 404, "invitation_not_found")
    assert as_charlie.post(f"invitations/{code}/accept") == unknown


@pytest.mark.parametrize("code", ["%00", "%C3%A9", "'", "-", "x" * 500, "%ff"])
def test_a_text_that_can_be_no_code_is_not_found(as_charlie: Door, code: str) -> None:
    for answer in (
        as_charlie.get(f"invitations/{code}"),
        as_charlie.post(f"invitations/{code}/accept"),
        as_charlie.delete(f"me/invitations/{code}"),
    ):
        check_refused(answer, 404, "invitation_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user": "charlie", "max_uses": 1}, "user"),
        ({"user": 1}, "user"),
        ({"user": ""}, "user"),
        ({"user": None}, "user"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1001}, "max_uses"),
        ({"max_uses": "1"}, "max_uses"),
        ({"max_uses": True}, "max_uses"),
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": 2_592_001}, "expires_in"),
        ({"expires_in": None}, "expires_in"),
        ({"code": "mine"}, "code"),
    ],
)
def test_bad_invitations(
    as_alice: Door,
    charlie: User,
    room: RoomPayload,
    body: dict[str, object],
    field: str,
) -> None:
    check_refused(invite(as_alice, room, **body), 400, "invalid", field)
    assert Invitation.objects.count() == 0


def test_people_who_cannot_be_invited(
    as_alice: Door, bob: User, room: RoomPayload
) -> None:
    check_refused(invite(as_alice, room, user="bob"), 409, "conflict")
    check_refused(invite(as_alice, room, user="nobody"), 404, "user_not_found")
    check_refused(invite(as_alice, room, user=str(uuid4())), 404, "user_not_found")


def test_link_without_a_word_is_good_for_seven_days_and_everybody(
    as_alice: Door, room: RoomPayload
) -> None:
    answer = invite(as_alice, room)
    assert (answer.status, answer.json()["max_uses"]) == (201, None)
    left = Invitation.objects.get().expires_at - timezone.now()  # type: ignore[operator]  # a link has it
    assert 604_790 < left.total_seconds() <= 604_800


def test_code_is_in_no_log(
    as_charlie: Door,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        for error in (KeyError("x"), OperationalError("x")):
            monkeypatch.setattr(queries.invitations, "preview", _raising(error))
            assert as_charlie.get(f"invitations/{code}").status >= 500
        as_charlie.post(f"invitations/{code}x/accept")
    assert caplog.records
    assert code not in caplog.text


def _raising(error: Exception) -> object:
    def fail(*args: object) -> None:
        raise error

    return fail


def test_level_of_notifications(as_bob: Door, room: RoomPayload) -> None:
    assert as_bob.get(f"rooms/{room.id}").json()["notify"] == "all"
    answer = as_bob.send("PUT", f"rooms/{room.id}/notifications", {"level": "none"})
    assert (answer.status, answer.json()["notify"]) == (200, "none")
    [listed] = as_bob.get("rooms").json()["rooms"]
    assert listed["notify"] == "none"
    for level in ("", "some", None, 1, ["all"]):
        bad = as_bob.send("PUT", f"rooms/{room.id}/notifications", {"level": level})
        check_refused(bad, 400, "invalid", "level")


def test_outsider_has_no_level(as_charlie: Door, room: RoomPayload) -> None:
    assert as_charlie.get(f"rooms/{room.id}").json()["notify"] is None


def test_private_message_answers_the_message_of_the_direct_room(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    body = {"client_id": "1", "body": "/pm bob hello"}
    sent = as_alice.post(f"rooms/{room.id}/messages", body)
    message = sent.json()
    assert (sent.status, message["body"]) == (201, "hello")
    again = as_alice.post(f"rooms/{room.id}/messages", body)
    assert (again.status, again.json()) == (200, message)
    path = f"rooms/{message['room']}/messages/{message['seq']}"
    assert as_bob.get(path).json() == message
    assert as_bob.get(f"rooms/{message['room']}").json()["kind"] == "direct"


def test_bad_private_messages(as_alice: Door, room: RoomPayload) -> None:
    def send(body: str, **fields: object) -> Answer:
        sent = {"client_id": "1", "body": body, **fields}
        return as_alice.post(f"rooms/{room.id}/messages", sent)

    check_refused(send("/pm bob"), 400, "invalid", "body")
    check_refused(send("/pm nobody hi"), 404, "user_not_found")
    check_refused(send("/pm bob hi", reply_to=1), 400, "invalid", "reply_to")
    assert send("//pm bob hi").json()["body"] == "//pm bob hi"
    assert send("/me waves", client_id="2").json()["is_action"] is True
