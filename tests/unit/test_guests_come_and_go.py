"""Guests come with a session, and are gone with it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework_simplejwt.settings import api_settings

from accounts import guests, revocation, tokens
from accounts.guests import admit_guest
from accounts.models import Session, User
from chat.actions import (
    messages,
)
from chat.actions.rooms import update_room
from chat.log.append import append_one
from chat.payloads.rooms import RoomPayload
from chat.payloads.system_events import GUESTS
from core.bus.envelopes import Envelope
from core.errors import (
    Forbidden,
    Invalid,
    Refusal,
    Unauthorized,
)
from tests.people import acting
from tests.unit.crafted import redeemed

from .envelopes import leavers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guest(db: None) -> User:
    return guests.make_guest()


@pytest.fixture
def open_room(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    """At 4: opened to guests, and alice said something."""
    update_room(acting(alice), room.id, {"guests_may_read": True})
    messages.send_message(acting(alice), room.id, client_id="1", body="hello")
    return room


def test_guest_has_a_session_and_no_password() -> None:
    guest, pair = admit_guest(display_name=" Ame\u0301lie ", user_agent="browser")
    assert guest.is_guest
    assert guest.username.startswith("guest-")
    assert guest.display_name == "Amélie"
    assert not guest.has_usable_password()
    assert tokens.verify_access(pair.access).actor.user == guest


def test_no_guest_is_admitted_unless_guests_are_allowed(settings: Settings) -> None:
    settings.ALLOW_GUESTS = False
    with pytest.raises(Forbidden):
        admit_guest(user_agent="")
    assert not User.objects.exists()


def test_a_guest_with_a_bad_name_is_refused() -> None:
    with pytest.raises(Invalid):
        admit_guest(display_name="a\nb", user_agent="")
    assert not User.objects.exists()


def test_message_that_closes_the_room_takes_the_guests_out(
    alice: User, open_room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    update_room(acting(alice), open_room.id, {"slow_mode_seconds": 5})
    assert leavers(published) == []
    update_room(
        acting(alice), open_room.id, {"guests_may_read": False, "notices": False}
    )
    assert leavers(published) == [(6, GUESTS)]
    update_room(acting(alice), open_room.id, {"guests_may_read": True})
    assert leavers(published) == [(6, GUESTS)]


def test_guests_who_cannot_come_back_are_forgotten(alice: User) -> None:
    tokens.start_session(alice)
    Session.objects.update(ended_at=timezone.now())
    names = ("stays", "logged-out", "unused", "one-of-two")
    made = {name: guests.make_guest(display_name=name) for name in names}
    for guest in made.values():
        tokens.start_session(guest)
    tokens.revoke_all(made["logged-out"])
    long_ago = timezone.now() - api_settings.REFRESH_TOKEN_LIFETIME
    unused = Session.objects.filter(user__in=[made["unused"], made["one-of-two"]])
    unused.update(last_used_at=long_ago - timedelta(seconds=1))
    tokens.start_session(made["one-of-two"])
    guests.forget_guests()
    left = set(User.objects.values_list("display_name", flat=True))
    assert left == {"Alice", "stays", "one-of-two"}


def test_a_guest_has_no_messages_of_their_own(guest: User, room: RoomPayload) -> None:
    """A room that is closed to them answers like one that is not there."""
    draft, _ = messages.prepare_send(
        acting(guest), room.id, client_id="1", body="hello"
    )
    with pytest.raises(Refusal) as refused:
        append_one(draft)
    assert refused.value.code == "room_not_found"


def test_no_token_of_a_guest_is_good_when_guests_are_not_allowed(
    settings: Settings,
) -> None:
    """And their open sockets are found, like those of who is logged out."""
    _, pair = admit_guest(user_agent="")
    identity = tokens.verify_access(pair.access)
    ticket = tokens.issue_ticket(identity)
    assert revocation.current(identity.actor) == identity.actor
    assert revocation.revoked([identity.actor]) == {}
    settings.ALLOW_GUESTS = False
    refused: list[Callable[[], object]] = [
        partial(tokens.verify_access, pair.access),
        partial(redeemed, ticket),
        partial(tokens.rotate, pair.refresh),
        partial(revocation.current, identity.actor),
    ]
    for attempt in refused:
        with pytest.raises(Unauthorized):
            attempt()
    assert revocation.revoked([identity.actor]) == {identity.actor.session_id: False}
