"""Many clients that come back at once: each gets its own part of what was read."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.actor import Actor
from accounts.models import User
from chat.errors import RoomNotFound
from chat.payloads.rooms import RoomPayload
from chat.queries.catching_up import Resume, catch_up
from core.errors import Forbidden
from tests.people import acting
from tests.unit.resuming import found, revs, three_rooms, write


@pytest.fixture
def rooms(alice: User, bob: User) -> list[RoomPayload]:
    return three_rooms(alice, bob)


def test_each_of_many_clients_gets_what_it_lacks(
    alice: User, bob: User, charlie: User, rooms: list[RoomPayload]
) -> None:
    write(bob, rooms[0], 3)
    first, second = rooms[0], rooms[1]
    clients = [
        (acting(alice), [Resume(first.id, 4), Resume(second.id, 0)]),
        (acting(bob), [Resume(first.id, 2, first.epoch)]),
        (acting(charlie), [Resume(first.id, 0), Resume("nonsense")]),
        (acting(bob), [Resume(first.id, 5), Resume(first.id, 9), Resume(second.id)]),
        (acting(bob), [Resume(first.id, 1, "00000000")]),
    ]
    one, two, refused, three, other = catch_up(clients)
    assert revs(found(one, first)) == [5]
    assert revs(found(one, second)) == [1, 2]
    assert revs(found(two, first)) == [3, 4, 5]
    kinds = [type(answer) for answer in refused.values()]
    assert kinds == [Forbidden, RoomNotFound]
    assert found(three, second).recovered is None
    assert found(other, first).recovered is False


def test_two_sockets_of_a_person_keep_their_own_rights(
    bob: User, room: RoomPayload
) -> None:
    full = acting(bob)
    no_scopes = Actor(bob, full.session_id, frozenset(), full.kind)
    resumes = [Resume(room.id, 0)]
    refused, answers = catch_up([(no_scopes, resumes), (full, resumes)])
    assert isinstance(refused[room.id], Forbidden)
    assert revs(found(answers, room)) == [1, 2]


def test_many_clients_take_as_many_queries_as_one(
    alice: User,
    bob: User,
    rooms: list[RoomPayload],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for room in rooms:
        write(bob, room, 2)
    behind = (acting(alice), [Resume(room.id, 2) for room in rooms])
    ahead = (acting(bob), [Resume(room.id, 3) for room in rooms])
    with django_assert_num_queries(3 + 1):
        answers = catch_up([behind, ahead] * 20)
    for room in rooms:
        got = [revs(found(own, room)) for own in answers]
        assert got == [[3, 4], [4]] * 20
