"""GET me/sessions and DELETE me/sessions/{id}."""

from uuid import uuid4

import pytest

from accounts import tokens
from accounts.models import Session, User
from core.bus.envelopes import EndSessions, Envelope

from .door import Door, check_refused


@pytest.fixture
def phone(alice: User) -> Session:
    tokens.start_session(alice, user_agent="Phone 1.0")
    return Session.objects.get(user_agent="Phone 1.0")


def test_my_devices(as_alice: Door, phone: Session) -> None:
    sessions = as_alice.get("me/sessions").json()["sessions"]
    assert [set(session) for session in sessions] == [
        {"id", "user_agent", "created_at", "last_used_at", "current"}
    ] * 2
    shown = {session["user_agent"]: session["current"] for session in sessions}
    assert shown == {"": True, "Phone 1.0": False}


def test_the_text_of_a_device_about_itself_is_shown_without_control_characters(
    anonymous: Door,
) -> None:
    body = b'{"username": "erin", "password": "trombone-42"}'
    agent = "Phone\x9b 1.0\xad\x1b[1m"
    answer = anonymous.raw("POST", "auth/register", body, HTTP_USER_AGENT=agent)
    [session] = Door(answer.json()["access"]).get("me/sessions").json()["sessions"]
    assert session["user_agent"] == "Phone 1.0[1m"


def test_ended_sessions_and_those_of_others_are_not_listed(
    as_alice: Door, as_bob: Door, alice: User, phone: Session
) -> None:
    tokens.revoke(alice, phone.pk)
    [session] = as_alice.get("me/sessions").json()["sessions"]
    assert session["current"] is True


def test_device_is_logged_out(as_alice: Door, alice: User) -> None:
    phone = tokens.start_session(alice)
    session = tokens.verify_access(phone.access).actor.session_id
    answer = as_alice.delete(f"me/sessions/{session}")
    assert (answer.status, answer.content) == (204, b"")
    check_refused(Door(phone.access).get("me"), 401, "unauthorized")
    assert as_alice.get("me").status == 200


@pytest.mark.django_db(transaction=True)
def test_its_sockets_close(
    as_alice: Door, alice: User, phone: Session, published: list[Envelope]
) -> None:
    as_alice.delete(f"me/sessions/{phone.pk}")
    assert published == [EndSessions(str(alice.pk), str(phone.pk), 1)]


def test_current_session_may_be_ended_too(as_alice: Door) -> None:
    [current] = as_alice.get("me/sessions").json()["sessions"]
    assert as_alice.delete(f"me/sessions/{current['id']}").status == 204
    check_refused(as_alice.get("me"), 401, "unauthorized")


def test_missing_ended_and_foreign_sessions_answer_the_same(
    as_alice: Door, as_bob: Door, alice: User, bob: User, phone: Session
) -> None:
    foreign = Session.objects.get(user=bob)
    tokens.revoke(alice, phone.pk)
    missing = as_alice.delete(f"me/sessions/{uuid4()}")
    check_refused(missing, 404, "not_found")
    assert as_alice.delete(f"me/sessions/{foreign.pk}") == missing
    assert as_alice.delete(f"me/sessions/{phone.pk}") == missing
    assert as_bob.get("me").status == 200


def test_anonymous_sees_and_ends_nothing(anonymous: Door, phone: Session) -> None:
    check_refused(anonymous.get("me/sessions"), 401, "unauthorized")
    answer = anonymous.delete(f"me/sessions/{phone.pk}")
    check_refused(answer, 401, "unauthorized")
    phone.refresh_from_db()
    assert phone.ended_at is None
