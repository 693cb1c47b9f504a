"""GET limits, and what happens when one goes faster."""

import math

import pytest
from pytest_django import Settings

from accounts.models import User
from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core import limits
from core.limits.bucket import RateLimit
from core.limits.table import LIMITS
from tests.people import access_token
from tests.pictures import png

from .door import Answer, Door, Upload, check_refused
from .surface import PRIVATE, UPLOADS, Operation, name


@pytest.fixture
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, then one in 1000 seconds; the buckets in use are left alone."""
    settings.RATE_LIMITS = True
    for each in (
        "invitation_codes",
        "logins",
        "messages",
        "refreshes",
        "registrations",
        "uploads",
    ):
        limit = RateLimit(rate=0.001, burst=2, name=each)
        monkeypatch.setattr(limits, each, limit)


def check_limited(answer: Answer) -> None:
    check_refused(answer, 429, "rate_limited")
    wait = answer.json()["retry_after"]
    assert 900 < wait <= 1000
    assert answer.headers["Retry-After"] == str(math.ceil(wait))
    assert answer.headers["RateLimit-Policy"].endswith(";q=2;w=2000")
    assert answer.headers["RateLimit"].endswith(f";r=0;t={math.ceil(wait)}")


def test_every_limit_is_told_to_anybody(anonymous: Door) -> None:
    answer = anonymous.get("limits")
    assert answer.status == 200
    assert answer.json() == {
        field: getattr(LIMITS, field) for field in LIMITS.__struct_fields__
    }
    assert answer.json()["message_characters"] == 4_000


@pytest.mark.usefixtures("_limited")
def test_messages_come_too_fast(as_bob: Door, room: RoomPayload) -> None:
    def send(number: int) -> Answer:
        body = {"client_id": f"{number}", "body": "hello"}
        return as_bob.post(f"rooms/{room.id}/messages", body)

    assert [send(number).status for number in range(2)] == [201, 201]
    check_limited(send(2))
    assert Message.objects.filter(kind="user").count() == 2


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("operation", UPLOADS, ids=name)
def test_files_come_too_fast(
    as_alice: Door, room: RoomPayload, operation: Operation
) -> None:
    def send() -> Answer:
        file = Upload("a.png", png())
        return as_alice.send(operation.method, operation.path(room.id), file)

    assert all(send().status in {200, 201} for _ in range(2))
    check_limited(send())


@pytest.mark.usefixtures("_limited")
def test_messages_are_counted_by_person_not_by_session(
    as_bob: Door, as_alice: Door, bob: User, room: RoomPayload
) -> None:
    def send(door: Door, number: int) -> Answer:
        body = {"client_id": f"{number}", "body": "hello"}
        return door.post(f"rooms/{room.id}/messages", body)

    phone = Door(access_token(bob))
    assert [send(door, n).status for n, door in enumerate((as_bob, phone))] == [201] * 2
    check_limited(send(phone, 2))
    assert send(as_alice, 0).status == 201


@pytest.mark.usefixtures("_limited")
def test_codes_of_invitations_that_are_looked_at_and_accepted_count_together(
    as_charlie: Door,
) -> None:
    not_found = (404, "invitation_not_found")
    check_refused(as_charlie.get("invitations/one"), *not_found)
    check_refused(as_charlie.post("invitations/two/accept"), *not_found)
    check_limited(as_charlie.get("invitations/three"))
    check_limited(as_charlie.post("invitations/four/accept"))


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize("action", ["login", "register", "refresh"])
def test_guessing_comes_too_fast(anonymous: Door, action: str) -> None:
    def guess() -> Answer:
        return anonymous.post(f"auth/{action}", {"username": "erin"})

    assert [guess().status for _ in range(2)] == [400, 400]
    check_limited(guess())


@pytest.mark.usefixtures("_limited")
def test_each_address_guesses_for_itself(anonymous: Door) -> None:
    def guess(address: str) -> Answer:
        return anonymous.raw("POST", "auth/login", b"{}", REMOTE_ADDR=address)

    assert [guess("192.0.2.1").status for _ in range(2)] == [400, 400]
    check_limited(guess("192.0.2.1"))
    check_refused(guess("192.0.2.2"), 400, "invalid", "username", "password")


@pytest.mark.usefixtures("_limited")
def test_forwarded_address_is_not_believed_here(anonymous: Door) -> None:
    """Only the server knows its proxies: it puts the right address into REMOTE_ADDR."""

    def guess(number: int) -> Answer:
        forwarded = f"192.0.2.{number}"
        return anonymous.raw(
            "POST", "auth/login", b"{}", HTTP_X_FORWARDED_FOR=forwarded
        )

    assert [guess(number).status for number in range(2)] == [400, 400]
    check_limited(guess(2))


@pytest.fixture
def _two_commands(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "commands", RateLimit(0.001, 2, name="commands"))


@pytest.mark.usefixtures("_two_commands")
def test_each_request_of_a_person_is_a_command(as_alice: Door, as_bob: Door) -> None:
    assert as_alice.get("me").status == 200
    assert as_alice.patch("me", {"status": "here"}).status == 200
    check_limited(as_alice.get("rooms"))
    assert as_bob.get("me").status == 200


@pytest.mark.usefixtures("_two_commands")
@pytest.mark.parametrize("operation", PRIVATE, ids=name)
def test_no_request_with_a_token_is_free(
    operation: Operation, as_alice: Door, alice: User
) -> None:
    for _ in range(2):
        limits.commands.take(alice.pk)
    check_limited(as_alice.send(operation.method, operation.path()))


@pytest.mark.usefixtures("_two_commands")
def test_a_request_without_a_token_is_nobodys_command(anonymous: Door) -> None:
    assert [anonymous.get("limits").status for _ in range(5)] == [200] * 5


def test_limits_are_off_in_these_tests(as_bob: Door, room: RoomPayload) -> None:
    for number in range(30):
        body = {"client_id": f"{number}", "body": "hello"}
        assert as_bob.post(f"rooms/{room.id}/messages", body).status == 201
