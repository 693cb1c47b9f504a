"""How people show themselves: who is told of a change, and who finds them."""

import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import presence, queries
from chat.actions.profile import change_profile
from chat.announcements import announce_person
from chat.errors import UserNotFound
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, PersonChanged
from core.errors import Invalid
from tests.people import acting, person

pytestmark = pytest.mark.django_db(transaction=True)


def told(published: list[Envelope]) -> list[tuple[PersonChanged, dict[str, Any]]]:
    return [(e, json.loads(e.text)) for e in published if isinstance(e, PersonChanged)]


def test_profile_changes_what_is_named_alone(alice: User) -> None:
    alice.username = "not-to-be-saved"
    change_profile(acting(alice), {"status": "On holiday"})
    stored = User.objects.get()
    shown = (stored.username, stored.display_name, stored.status)
    assert shown == ("alice", "Alice", "On holiday")


def test_change_is_told_in_shared_rooms_and_to_ones_own(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    change_profile(acting(bob), {"display_name": "Robert", "status": "Busy"})
    [(envelope, event)] = told(published)
    assert (envelope.rooms, envelope.user) == ([room.id], str(bob.pk))
    assert (event["type"], event["status"]) == ("user.updated", "Busy")
    assert event["user"]["id"] == str(bob.pk)
    assert event["user"]["display_name"] == "Robert"


def test_picture_is_told_the_same_way(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    announce_person(bob)
    assert [event["type"] for _, event in told(published)] == ["user.updated"]


def test_a_profile_that_does_not_change_announces_nothing(
    alice: User, published: list[Envelope]
) -> None:
    change_profile(acting(alice), {"display_name": " Alice ", "appear_offline": False})
    assert published == []


def test_refused_change_changes_nothing(alice: User, published: list[Envelope]) -> None:
    with pytest.raises(Invalid):
        change_profile(acting(alice), {"display_name": "New", "status": "a\x1bb"})
    alice.refresh_from_db()
    assert (alice.display_name, published) == ("Alice", [])


def test_profile_of_somebody(alice: User, bob: User) -> None:
    change_profile(acting(bob), {"status": "Busy"})
    shown = queries.people.profile(acting(alice), str(bob.pk))
    assert (shown.username, shown.status, shown.online) == ("bob", "Busy", False)
    assert shown.last_seen_at is None
    presence.arrive("p1", bob.pk)
    assert queries.people.profile(acting(alice), str(bob.pk)).online
    presence.depart("p1", bob.pk)
    shown = queries.people.profile(acting(alice), str(bob.pk))
    assert (shown.online, shown.last_seen_at is None) == (False, False)


def test_a_person_who_appears_offline_does_not_show_when_they_were_here(
    alice: User, bob: User
) -> None:
    presence.arrive("p1", bob.pk)
    change_profile(acting(bob), {"appear_offline": True})
    # Not to oneself either: a payload is the same for all who read it.
    for reader in (alice, bob):
        shown = queries.people.profile(acting(reader), str(bob.pk))
        assert (shown.online, shown.last_seen_at) == (False, None)
    assert [p.online for p in queries.people.users(acting(alice), "bob")] == [False]


@pytest.mark.parametrize("user_id", ["nonsense", "bob", "", "\0", "0" * 36])
def test_profile_of_nobody(alice: User, bob: User, user_id: str) -> None:
    with pytest.raises(UserNotFound):
        queries.people.profile(acting(alice), user_id)


def test_deleted_people_and_guests_have_no_profile(alice: User) -> None:
    guest = person("passer-by", is_guest=True)
    gone = person("gone", is_active=False)
    for nobody in (guest, gone):
        with pytest.raises(UserNotFound):
            queries.people.profile(acting(alice), str(nobody.pk))
        assert queries.people.users(acting(alice), nobody.username) == []


def test_search_needs_one_query_however_many_are_found(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(15):
        presence.arrive("p1", person(f"erin-{number:02}").pk)
    with django_assert_num_queries(1):
        found = queries.people.users(acting(alice), "erin")
    assert [shown.online for shown in found] == [True] * 15


@pytest.mark.parametrize("search", ["Émile", "émile", "É"])
def test_search_as_it_is_written(alice: User, search: str) -> None:
    """SQLite folds ASCII alone, and so finds what is written alike."""
    change_profile(
        acting(alice), {"display_name": "émile" if "é" in search else "Émile"}
    )
    reader = person("reader")
    assert [p.username for p in queries.people.users(acting(reader), search)] == [
        "alice"
    ]
