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
        "avatar": None,
        "created_at": None,
    }


def test_who_is_not_staff_is_told_so(as_alice: Door) -> None:
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


def test_display_name_is_required(as_alice: Door) -> None:
    check_refused(as_alice.patch("me", {}), 400, "invalid", "display_name")


def test_anonymous_is_nobody(anonymous: Door) -> None:
    check_refused(anonymous.get("me"), 401, "unauthorized")
    check_refused(anonymous.patch("me", {"display_name": "x"}), 401, "unauthorized")
