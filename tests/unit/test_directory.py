"""The directory: pages by name, searching, and how many are there."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chat import presence
from chat.actions.memberships import join_room
from chat.actions.rooms import create_room, delete_room
from chat.models import Ban, Membership, Room
from chat.payloads.rooms import RoomPayload
from chat.queries.directory import directory
from core.errors import Invalid
from tests.people import acting, person

NAMES = ["Zoo", "apple", "Äpfel", "Banana", "éclair", "banana split", "10", "中文"]


def names(user: User, **query: str) -> list[str]:
    return [room.name for room in directory(acting(user), **query).rooms]  # type: ignore[arg-type]


def pages(user: User, limit: int, search: str = "") -> list[list[str]]:
    found, cursor = [], None
    while True:
        page = directory(acting(user), search=search, cursor=cursor, limit=limit)
        found.append([room.name for room in page.rooms])
        cursor = page.next
        if cursor is None:
            return found


@pytest.fixture
def many(alice: User) -> None:
    for name in NAMES:
        create_room(acting(alice), name=name, topic="fruit" if "an" in name else "")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_together_have_every_room_once(charlie: User, limit: int) -> None:
    found = pages(charlie, limit)
    whole = names(charlie)
    assert sorted(whole) == sorted(NAMES)
    assert [name for page in found for name in page] == whole
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


@pytest.mark.usefixtures("many")
def test_a_room_deleted_between_two_pages_shifts_no_other(
    alice: User, charlie: User
) -> None:
    first = directory(acting(charlie), limit=3)
    rest = directory(acting(charlie), cursor=first.next).rooms
    for room in first.rooms:
        delete_room(acting(alice), room.id)
    assert directory(acting(charlie), cursor=first.next).rooms == rest


@pytest.mark.usefixtures("many")
def test_hidden_rooms_take_no_place_in_a_page(charlie: User, dora: User) -> None:
    create_room(acting(dora), name="aaa", staff_only=True)
    create_room(acting(dora), name="aab", kind="private")
    Ban.objects.create(room=Room.objects.get(name="Banana"), user=charlie)
    assert [len(page) for page in pages(charlie, 3)] == [3, 3, 1]


@pytest.mark.usefixtures("many")
def test_a_search_finds_parts_of_names_and_topics(charlie: User) -> None:
    assert names(charlie, search="BANANA") == ["Banana", "banana split"]
    assert names(charlie, search="Fruit") == ["Banana", "banana split"]
    assert names(charlie, search="%") == names(charlie, search="_") == []
    assert pages(charlie, 1, "banana") == [["Banana"], ["banana split"]]


@pytest.mark.django_db
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cursor=st.text(max_size=40) | st.binary(max_size=40).map(bytes.hex))
def test_any_cursor_is_a_place_or_invalid(charlie: User, cursor: str) -> None:
    with suppress(Invalid):
        directory(acting(charlie), cursor=cursor)


@pytest.mark.parametrize(
    "cursor", ["AA==", "\0", "é", "a", "YQ", "YQ==\n", "_w==", "7aCA", "YWFh" * 300]
)
def test_a_bad_cursor_is_invalid(charlie: User, cursor: str) -> None:
    """A NUL, no base64, without its end, no UTF-8, a surrogate, too long."""
    with pytest.raises(Invalid):
        directory(acting(charlie), cursor=cursor)


def test_an_entry_counts_members_and_those_who_are_online(
    alice: User, bob: User, charlie: User, room: RoomPayload
) -> None:
    shy, guest, away = person_here("shy"), person_here("guest"), person("away")
    for user in (shy, guest, away):
        join_room(acting(user), room.id)
    User.objects.filter(pk=shy.pk).update(appear_offline=True)
    User.objects.filter(pk=guest.pk).update(is_guest=True)
    presence.arrive("p1", alice.pk)
    presence.arrive("p2", alice.pk)
    presence.arrive("p1", charlie.pk)
    [entry] = directory(acting(charlie)).rooms
    assert (entry.member_count, entry.online_count) == (5, 1)
    assert (entry.role, entry.read) == (None, None)
    [mine] = directory(acting(bob)).rooms
    assert mine.role == "member"


def test_an_empty_room_counts_nobody(alice: User, room: RoomPayload) -> None:
    Membership.objects.all().delete()
    [entry] = directory(acting(alice)).rooms
    assert (entry.member_count, entry.online_count) == (0, 0)


@pytest.mark.parametrize("count", [1, 30])
def test_a_page_takes_three_queries(
    alice: User,
    charlie: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    for number in range(count):
        create_room(acting(alice), name=f"room-{number:02}")
    with django_assert_num_queries(3):
        assert len(directory(acting(charlie)).rooms) == count


def person_here(name: str) -> User:
    user = person(name)
    presence.arrive("p1", user.pk)
    return user
