"""People are online through any process that is alive, and through no other."""

import json
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import presence
from chat.actions.profile import change_profile
from chat.models import ServerProcess
from chat.payloads.rooms import RoomPayload
from core.bus.envelopes import Envelope, PersonChanged
from tests.people import acting, person

pytestmark = pytest.mark.django_db(transaction=True)


def told(published: list[Envelope]) -> list[tuple[str, bool]]:
    """The people announced as come or gone since the last call, in order."""
    events = [json.loads(e.text) for e in published if isinstance(e, PersonChanged)]
    published.clear()
    return [(event["user"], event["online"]) for event in events]


def test_a_person_who_arrives_is_online_and_announced_once(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    presence.arrive("p1", bob.pk)
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}
    [envelope] = published
    assert isinstance(envelope, PersonChanged)
    assert envelope.rooms == [room.id]
    assert told(published) == [(str(bob.pk), True)]
    presence.arrive("p2", bob.pk)
    assert told(published) == []


def test_a_person_with_a_socket_in_another_process_stays_online(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    for process in ("p1", "p2"):
        presence.arrive(process, bob.pk)
    published.clear()
    presence.depart("p1", bob.pk)
    assert told(published) == []
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}
    presence.depart("p2", bob.pk)
    assert told(published) == [(str(bob.pk), False)]
    assert presence.online_in([room.id]) == {}
    bob.refresh_from_db()
    assert bob.last_seen_at is not None


def test_a_dead_process_takes_its_people_offline(
    alice: User, bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    presence.arrive("dead", alice.pk)
    presence.arrive("dead", bob.pk)
    presence.arrive("alive", bob.pk)
    published.clear()
    ServerProcess.objects.filter(pk="dead").update(alive_until=Now())
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}
    presence.expire()
    assert told(published) == [(str(alice.pk), False)]
    presence.expire()
    assert told(published) == []


def test_a_person_who_arrives_in_a_process_that_renewed_too_late_is_online(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    presence.renew("p1")
    ServerProcess.objects.filter(pk="p1").update(alive_until=Now())
    published.clear()
    presence.arrive("p1", bob.pk)
    assert told(published) == [(str(bob.pk), True)]
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}


def test_a_process_that_ends_takes_its_people_with_it(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    presence.arrive("p1", bob.pk)
    published.clear()
    presence.end("p1")
    assert told(published) == [(str(bob.pk), False)]
    assert presence.online_in([room.id]) == {}


def test_a_process_that_renews_keeps_its_people_online(
    bob: User, room: RoomPayload
) -> None:
    presence.arrive("p1", bob.pk)
    ServerProcess.objects.filter(pk="p1").update(alive_until=Now())
    presence.renew("p1")
    presence.expire()
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}


def test_a_rooms_list_has_its_members_alone(
    bob: User, charlie: User, room: RoomPayload
) -> None:
    presence.arrive("p1", bob.pk)
    presence.arrive("p1", charlie.pk)
    assert presence.online_in([room.id, "nonsense"]) == {room.id: [str(bob.pk)]}


def hide(user: User, *, hidden: bool = True) -> None:
    change_profile(acting(user), {"appear_offline": hidden})


def test_a_person_who_appears_offline_comes_and_goes_unseen(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    hide(bob)
    published.clear()
    presence.arrive("p1", bob.pk)
    assert presence.online_in([room.id]) == {}
    presence.depart("p1", bob.pk)
    presence.arrive("p1", bob.pk)
    presence.end("p1")
    assert told(published) == []
    bob.refresh_from_db()
    assert bob.last_seen_at is None


def test_hiding_and_showing_look_like_going_and_coming(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    presence.arrive("p1", bob.pk)
    published.clear()
    hide(bob)
    [envelope] = published
    assert isinstance(envelope, PersonChanged)
    assert json.loads(envelope.text)["last_seen_at"] is not None
    assert told(published) == [(str(bob.pk), False)]
    assert presence.online_in([room.id]) == {}
    hide(bob)
    assert told(published) == []
    hide(bob, hidden=False)
    assert told(published) == [(str(bob.pk), True)]
    assert presence.online_in([room.id]) == {room.id: [str(bob.pk)]}


def test_hiding_while_away_says_nothing(
    bob: User, room: RoomPayload, published: list[Envelope]
) -> None:
    published.clear()
    for hidden in (True, False):
        hide(bob, hidden=hidden)
    assert told(published) == []
    bob.refresh_from_db()
    assert bob.last_seen_at is None


@pytest.mark.parametrize("count", [2, 50])
def test_many_come_and_go_in_as_many_queries_as_few(
    published: list[Envelope],
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    people = [person(f"one-{number}").pk for number in range(count)]
    presence.arrive("p1", people[0])
    published.clear()
    with django_assert_num_queries(8):
        presence.arrive("p1", *people)
    # The first one was here already.
    assert sorted(told(published)) == sorted((str(pk), True) for pk in people[1:])
    with django_assert_num_queries(7):
        presence.depart("p1", *people)
    assert sorted(told(published)) == sorted((str(pk), False) for pk in people)


def test_a_person_who_was_deleted_keeps_nobody_else_from_arriving(
    bob: User, published: list[Envelope]
) -> None:
    gone = uuid4()
    published.clear()
    presence.arrive("p1", gone, bob.pk)
    assert told(published) == [(str(bob.pk), True)]
    presence.depart("p1", gone, bob.pk)
    assert told(published) == [(str(bob.pk), False)]
