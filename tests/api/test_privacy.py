"""My data, my account, and how long a room keeps what is said: the REST side."""

import json
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.utils import timezone

from accounts.models import User
from chat.actions.departures import depart
from chat.actions.exports import make_export
from chat.actions.messages import send_message
from chat.models import Departure, Export
from chat.payloads.rooms import RoomPayload
from tests.people import acting

from .door import Door, check_refused

PASSWORD = "a good password"


@pytest.fixture
def with_password(alice: User) -> User:
    alice.set_password(PASSWORD)
    alice.save()
    return alice


def test_export_from_asking_to_fetching(
    as_alice: Door, as_bob: Door, alice: User, room: RoomPayload
) -> None:
    send_message(acting(alice), room.id, client_id="1", body="hello")
    check_refused(as_alice.get("me/export"), 404, "not_found")
    started = as_alice.post("me/export")
    assert started.status == 202
    assert started.json()["state"] == "waiting"
    assert as_alice.get("me/export").json() == started.json()
    check_refused(as_alice.post("me/export"), 409, "conflict")
    check_refused(as_alice.get("me/export/file"), 404, "not_found")
    make_export(Export.objects.get().pk)
    ready = as_alice.get("me/export").json()
    assert (ready["state"], ready["done"], ready["total"]) == ("ready", 1, 1)
    fetched = as_alice.get(ready["url"].removeprefix("/api/v1/"))
    assert fetched.status == 200
    assert fetched.headers["Content-Type"] == "application/zip"
    assert fetched.headers["Cache-Control"] == "no-store"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert "hubbub.zip" in fetched.headers["Content-Disposition"]
    with ZipFile(BytesIO(fetched.content)) as archive:
        [said] = json.loads(archive.read("messages.json"))
    assert said["body"] == "hello"
    check_refused(as_bob.get("me/export/file"), 404, "not_found")
    check_refused(Door().get("me/export/file"), 401, "unauthorized")
    again = as_alice.post("me/export")
    check_refused(again, 429, "rate_limited")
    assert 3500 < int(again.headers["Retry-After"]) <= 3600


def test_expired_export_is_not_fetched(as_alice: Door, alice: User) -> None:
    Export.objects.create(
        user=alice, state="ready", file="x", expires_at=timezone.now()
    )
    check_refused(as_alice.get("me/export/file"), 404, "not_found")


@pytest.mark.parametrize("messages", ["keep", "delete"])
def test_account_is_deleted(
    as_alice: Door, with_password: User, anonymous: Door, messages: str
) -> None:
    body = {"current_password": PASSWORD, "messages": messages}
    assert as_alice.post("me/delete", body).status == 204
    check_refused(as_alice.get("me"), 401, "unauthorized")
    login = {"username": "alice", "password": PASSWORD}
    check_refused(anonymous.post("auth/login", login), 401, "unauthorized")
    departure = Departure.objects.get()
    assert departure.deletes_messages == (messages == "delete")
    depart(departure.pk)
    again = {"username": "alice", "password": "correct horse battery"}
    assert anonymous.post("auth/register", again).status == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"current_password": "another"}, "current_password"),
        ({"current_password": None}, "current_password"),
        ({"messages": "all"}, "messages"),
        ({"messages": None}, "messages"),
        ({"reason": "none"}, "reason"),
    ],
)
def test_deletion_that_is_not_meant(
    as_alice: Door, with_password: User, change: dict[str, object], field: str
) -> None:
    body = {"current_password": PASSWORD, "messages": "keep", **change}
    check_refused(as_alice.post("me/delete", body), 400, "invalid", field)
    assert as_alice.get("me").status == 200


def test_last_superuser_is_told_so(as_alice: Door, with_password: User) -> None:
    User.objects.update(is_superuser=True)
    body = {"current_password": PASSWORD, "messages": "keep"}
    check_refused(as_alice.post("me/delete", body), 409, "conflict")


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "36501"])
def test_preview_of_no_number_of_days(
    as_alice: Door, room: RoomPayload, days: str
) -> None:
    answer = as_alice.get(f"rooms/{room.id}/retention?days={days}")
    check_refused(answer, 400, "invalid", "days")
    check_refused(as_alice.get(f"rooms/{room.id}/retention"), 400, "invalid", "days")


def test_preview(as_alice: Door, alice: User, room: RoomPayload) -> None:
    seq = send_message(acting(alice), room.id, client_id="1", body="hello").message.seq
    shown = as_alice.get(f"rooms/{room.id}/retention?days=1").json()
    assert shown.pop("oldest_at").endswith("Z")
    assert shown == {"messages": 0, "files": 0, "oldest_seq": seq}
