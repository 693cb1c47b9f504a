"""POST auth/guest, and what a guest does with the token."""

import pytest
from pytest_django import Settings

from accounts.models import User
from chat.payloads.rooms import RoomPayload

from .door import Door, check_refused


@pytest.fixture
def as_guest(anonymous: Door) -> Door:
    return Door(anonymous.post("auth/guest").json()["access"])


def test_guest_is_let_in(anonymous: Door) -> None:
    answer = anonymous.post("auth/guest", {"display_name": " Passer-by "})
    assert answer.status == 201
    given = answer.json()
    assert set(given) == {"access", "refresh", "user"}
    assert given["user"]["display_name"] == "Passer-by"
    me = Door(given["access"]).get("me").json()
    assert (me["id"], me["is_guest"]) == (given["user"]["id"], True)
    refreshed = anonymous.post("auth/refresh", {"refresh": given["refresh"]})
    assert refreshed.status == 200


@pytest.mark.parametrize("body", [None, {}])
def test_guest_needs_no_name(anonymous: Door, body: object) -> None:
    answer = anonymous.post("auth/guest", body)
    assert answer.json()["user"]["display_name"] == "Guest"
    assert answer.json()["user"]["username"].startswith("guest-")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", None),
        ("display_name", ""),
        ("display_name", "x" * 65),
        ("display_name", "a\x1bb"),
        ("display_name", 5),
        ("username", "bob"),
        ("is_staff", True),
    ],
)
def test_malformed_guest(anonymous: Door, db: None, field: str, value: object) -> None:
    answer = anonymous.post("auth/guest", {field: value})
    check_refused(answer, 400, "invalid", field)
    assert not User.objects.exists()


def test_no_guest_is_let_in_unless_guests_are_allowed(
    anonymous: Door, settings: Settings
) -> None:
    settings.ALLOW_GUESTS = False
    check_refused(anonymous.post("auth/guest"), 403, "forbidden")
    assert not User.objects.exists()


def test_guests_are_counted_by_address(anonymous: Door, settings: Settings) -> None:
    settings.RATE_LIMITS = True
    answers = [anonymous.post("auth/guest").status for _ in range(25)]
    assert set(answers) == {201, 429}


def test_guest_reads_what_is_open(
    as_guest: Door, as_alice: Door, room: RoomPayload, private_room: RoomPayload
) -> None:
    path = f"rooms/{room.id}"
    check_refused(as_guest.get(f"{path}/messages"), 404, "room_not_found")
    assert as_guest.get("directory").json() == {"rooms": [], "next": None}
    as_alice.patch(path, {"guests_may_read": True})
    assert as_guest.get(path).json()["guests_may_read"]
    page = as_guest.get(f"{path}/messages").json()
    assert page == as_alice.get(f"{path}/messages").json()
    assert as_guest.get(f"{path}/messages/1").status == 200
    [listed] = as_guest.get("directory").json()["rooms"]
    assert listed["id"] == room.id
    check_refused(as_guest.get(f"{path}/members"), 403, "forbidden")
    as_alice.patch(path, {"guests_may_read": False})
    check_refused(as_guest.get(f"{path}/messages"), 404, "room_not_found")


def test_room_that_is_made_open(as_alice: Door, as_guest: Door) -> None:
    body = {"name": "lobby", "guests_may_read": True}
    room = as_alice.post("rooms", body).json()
    assert room["guests_may_read"]
    assert as_guest.get(f"rooms/{room['id']}").json() == {
        **room,
        "role": None,
        "notify": None,
        "read": None,
    }


def test_opening_a_room_is_for_owners(
    as_bob: Door, as_alice: Door, bob: User, room: RoomPayload
) -> None:
    path = f"rooms/{room.id}"
    as_alice.patch(f"{path}/members/{bob.pk}", {"role": "moderator"})
    answer = as_bob.patch(path, {"guests_may_read": True})
    check_refused(answer, 403, "forbidden")


def test_guest_logs_out(as_guest: Door) -> None:
    assert len(as_guest.get("me/sessions").json()["sessions"]) == 1
    assert as_guest.post("auth/logout").status == 204
    check_refused(as_guest.get("me"), 401, "unauthorized")


def test_guests_are_refused_when_guests_are_no_longer_allowed(
    anonymous: Door, settings: Settings
) -> None:
    """As after a restart with ALLOW_GUESTS=off: what they hold opens nothing."""
    pair = anonymous.post("auth/guest").json()
    as_guest = Door(pair["access"])
    settings.ALLOW_GUESTS = False
    for path in ("me", "directory", "me/sessions"):
        check_refused(as_guest.get(path), 401, "unauthorized")
    for path in ("auth/ticket", "auth/logout"):
        check_refused(as_guest.post(path), 401, "unauthorized")
    answer = anonymous.post("auth/refresh", {"refresh": pair["refresh"]})
    check_refused(answer, 401, "unauthorized")
