"""GET users/{id}."""

from uuid import uuid4

import pytest

from accounts.models import User
from chat import presence
from tests.people import access_token, person

from .door import Door, check_refused


def test_somebody(as_alice: Door, as_bob: Door, bob: User) -> None:
    as_bob.patch("me", {"status": "Busy"})
    presence.arrive("p1", bob.pk)
    answer = as_alice.get(f"users/{bob.pk}")
    assert (answer.status, answer.json()) == (
        200,
        {
            "id": str(bob.pk),
            "username": "bob",
            "display_name": "Bob",
            "is_bot": False,
            "avatar": None,
            "status": "Busy",
            "online": True,
            "last_seen_at": None,
        },
    )


def test_nobody(as_alice: Door, bob: User) -> None:
    missing = as_alice.get(f"users/{uuid4()}")
    check_refused(missing, 404, "user_not_found")
    guest = person("passer-by", is_guest=True)
    gone = person("gone", is_active=False)
    for nobody in ("nonsense", "bob", "%00", "'", guest.pk, gone.pk):
        assert as_alice.get(f"users/{nobody}") == missing


def test_for_people_with_an_account(anonymous: Door, bob: User) -> None:
    check_refused(anonymous.get(f"users/{bob.pk}"), 401, "unauthorized")
    as_guest = Door(access_token(person("passer-by", is_guest=True)))
    check_refused(as_guest.get(f"users/{bob.pk}"), 403, "forbidden")
    check_refused(as_guest.get("users?search=bob"), 403, "forbidden")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_others_are_not_changed(as_alice: Door, bob: User, method: str) -> None:
    answer = as_alice.send(method, f"users/{bob.pk}", None)
    check_refused(answer, 405, "method_not_allowed")
