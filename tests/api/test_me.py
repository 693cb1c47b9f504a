"""GET and PATCH me."""

import pytest

from accounts.models import User

from .door import Door, check_refused


def test_myself(as_dora: Door, dora: User) -> None:
    answer = as_dora.get("me")
    created_at = answer.json().pop("created_at")
    assert created_at.endswith("Z")
    assert {**answer.json(), "created_at": None} == {
        "id": str(dora.pk),
        "username": "dora",
        "display_name": "Dora",
        "is_bot": False,
        "is_staff": True,
        "is_guest": False,
        "status": "",
        "appear_offline": False,
        "email": "",
        "avatar": None,
        "created_at": None,
        "stored_bytes": 0,
        "stored_bytes_allowed": 1024**3,
    }


def test_a_person_who_is_not_staff_is_told_so(as_alice: Door) -> None:
    assert as_alice.get("me").json()["is_staff"] is False


def test_new_display_name(as_alice: Door, alice: User) -> None:
    answer = as_alice.patch("me", {"display_name": "  Alice 🌊  "})
    assert (answer.status, answer.json()["display_name"]) == (200, "Alice 🌊")
    assert as_alice.get("me").json() == answer.json()


@pytest.mark.parametrize("value", [None, "", "  ", "x" * 65, "\x00", [], {}, True, 5])
def test_display_name_that_is_none(as_alice: Door, alice: User, value: object) -> None:
    answer = as_alice.patch("me", {"display_name": value})
    check_refused(answer, 400, "invalid", "display_name")
    alice.refresh_from_db()
    assert alice.display_name == "Alice"


@pytest.mark.parametrize("field", ["is_staff", "username", "id", "password", "is_bot"])
def test_nothing_else_can_be_changed(as_alice: Door, alice: User, field: str) -> None:
    answer = as_alice.patch("me", {"display_name": "A", field: "true"})
    check_refused(answer, 400, "invalid", field)
    alice.refresh_from_db()
    assert (alice.display_name, alice.is_staff) == ("Alice", False)


def test_saying_nothing_is_refused(as_alice: Door) -> None:
    check_refused(as_alice.patch("me", {}), 400, "invalid", "body")


@pytest.mark.parametrize("status", ["", "On holiday 🌊", "x" * 100])
def test_new_status(as_alice: Door, status: str) -> None:
    answer = as_alice.patch("me", {"status": f" {status} "})
    assert (answer.status, answer.json()["status"]) == (200, status)
    assert answer.json()["display_name"] == "Alice"
    assert as_alice.get("me").json() == answer.json()


def test_appearing_offline_is_switched(as_alice: Door) -> None:
    for wanted in (True, False):
        answer = as_alice.patch("me", {"appear_offline": wanted})
        assert (answer.status, answer.json()["appear_offline"]) == (200, wanted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", None),
        ("status", "x" * 101),
        ("status", "two\nlines"),
        ("status", "a\x00b"),
        ("status", "a\x1bb"),
        ("status", "a\u2028b"),
        # NFC makes three characters of each.
        ("status", "\ufb2c" * 40),
        ("status", 5),
        ("display_name", "two\tparts"),
        ("display_name", "a\x85b"),
        ("display_name", "\ufb2c" * 30),
        ("appear_offline", None),
        ("appear_offline", "yes"),
        ("appear_offline", 1),
    ],
)
def test_profile_that_cannot_be(
    as_alice: Door, alice: User, field: str, value: object
) -> None:
    good = {"display_name": "New", "status": "New", "appear_offline": True}
    answer = as_alice.patch("me", {**good, field: value})
    check_refused(answer, 400, "invalid", field)
    alice.refresh_from_db()
    now = (alice.display_name, alice.status, alice.appear_offline)
    assert now == ("Alice", "", False)


def test_texts_are_kept_in_one_form(as_alice: Door) -> None:
    answer = as_alice.patch("me", {"display_name": "Ame\u0301lie"})
    assert answer.json()["display_name"] == "Am\u00e9lie"


def test_anonymous_is_nobody(anonymous: Door) -> None:
    check_refused(anonymous.get("me"), 401, "unauthorized")
    check_refused(anonymous.patch("me", {"display_name": "x"}), 401, "unauthorized")
