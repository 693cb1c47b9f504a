"""POST auth/register."""

from typing import Any

import pytest

from accounts.models import Session, User

from .door import Answer, Door, check_refused

GOOD = {"username": "Erin", "password": "trombone-42"}


def register(door: Door, **fields: Any) -> Answer:
    return door.post("auth/register", {**GOOD, **fields})


def test_new_person_is_logged_in(anonymous: Door) -> None:
    answer = register(anonymous)
    assert answer.status == 201
    assert set(answer.json()) == {"access", "refresh", "user"}
    user = User.objects.get()
    assert answer.json()["user"] == {
        "id": str(user.pk),
        "username": "Erin",
        "display_name": "Erin",
        "is_bot": False,
        "avatar": None,
    }
    assert Door(answer.json()["access"]).get("me").json()["id"] == str(user.pk)


def test_session_remembers_the_device(anonymous: Door) -> None:
    anonymous.client.credentials(HTTP_USER_AGENT="Phone 1.0")
    register(anonymous)
    assert Session.objects.get().user_agent == "Phone 1.0"


def test_display_name_may_be_given(anonymous: Door) -> None:
    answer = register(anonymous, display_name="Érin 🌊")
    assert answer.json()["user"]["display_name"] == "Érin 🌊"


@pytest.mark.parametrize("taken", ["erin", "Erin", "ERIN"])
def test_name_is_taken_in_every_case(anonymous: Door, taken: str) -> None:
    register(anonymous)
    check_refused(register(anonymous, username=taken), 400, "invalid", "username")
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password", "1234567890"])
def test_weak_password(anonymous: Door, password: str) -> None:
    answer = register(anonymous, password=password)
    check_refused(answer, 400, "invalid", "password")
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active", "id", "x"])
def test_unknown_field(anonymous: Door, field: str) -> None:
    check_refused(register(anonymous, **{field: True}), 400, "invalid", field)
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["username", "password"])
def test_missing_field(anonymous: Door, field: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != field}
    check_refused(anonymous.post("auth/register", body), 400, "invalid", field)


@pytest.mark.parametrize("field", ["username", "password", "display_name"])
@pytest.mark.parametrize(
    "value", [None, "", [], {}, True, 12345678, "x\x00y", "x" * 200]
)
def test_malformed_field(anonymous: Door, field: str, value: object) -> None:
    check_refused(register(anonymous, **{field: value}), 400, "invalid", field)
    assert not User.objects.exists()


@pytest.mark.parametrize("username", ["a", "-ab", "a b", "érin", "a/b", "a@b"])
def test_name_that_is_none(anonymous: Door, username: str) -> None:
    answer = register(anonymous, username=username)
    check_refused(answer, 400, "invalid", "username")


def test_password_is_taken_as_it_is(anonymous: Door) -> None:
    register(anonymous, password="  spaces around  ")
    assert User.objects.get().check_password("  spaces around  ")


def test_no_secret_is_echoed(anonymous: Door) -> None:
    answer = register(anonymous, password="12345678")
    assert b"12345678" not in answer.content
