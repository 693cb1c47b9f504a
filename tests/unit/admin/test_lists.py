"""The admin site: its lists, their searches and filters, and what they cost."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import User
from chat import quotas
from chat.actions.rooms import create_room
from chat.log.append import append, append_one
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from tests.people import acting, person

from .pages import LISTS, shown

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_of_people_shows_the_size_of_their_files(
    site: Client, alice: User
) -> None:
    quotas.reserve({"a": 3_000_000, "b": 10}, alice)
    assert "2.9\xa0MB" in shown(site, "accounts/user/")
    assert "2.9\xa0MB" in shown(site, "accounts/user/?o=-6")


@pytest.mark.parametrize("path", LISTS)
def test_every_list_and_every_row_opens(
    site: Client, alice: User, room: RoomPayload, path: str
) -> None:
    tokens.start_session(alice, user_agent="A phone")
    append_one(Draft(room.id, acting(alice), "hello"))
    page = shown(site, f"{path}/")
    links = set(re.findall(rf"/admin/{path}/[^/\"]+/change/", page))
    assert links
    for link in links:
        shown(site, link.removeprefix("/admin/"))


@pytest.mark.parametrize(
    ("path", "word", "found", "not_found"),
    [
        ("accounts/user", "ali", "alice", "charlie"),
        ("accounts/session", "phone", "A phone", "A tablet"),
        ("chat/room", "gener", "general", "attic"),
        ("chat/membership", "bob", "bob", "attic"),
        ("chat/message", "hello", "hello", "good bye"),
        ("chat/message", "Bob", "bob", "good bye"),
        ("chat/message", "ATTIC", "attic", "hello"),
    ],
)
def test_a_search_lists_the_rows_that_match_alone(
    site: Client,
    alice: User,
    bob: User,
    charlie: User,
    room: RoomPayload,
    private_room: RoomPayload,
    path: str,
    word: str,
    found: str,
    not_found: str,
) -> None:
    tokens.start_session(alice, user_agent="A phone")
    tokens.start_session(bob, user_agent="A tablet")
    append([Draft(room.id, acting(alice), body) for body in ("hello", "good bye")])
    everything, some = shown(site, f"{path}/"), shown(site, f"{path}/?q={word}")
    assert found in everything
    assert found in some
    assert not_found in everything
    assert not_found not in some
    assert shown(site, f"{path}/?q=%22%27%25%5C")


@pytest.mark.parametrize(
    "address",
    [
        "accounts/user/?is_staff__exact=1&is_active__exact=1",
        "accounts/session/?ended_at__isempty=1",
        "chat/room/?kind__exact=private&staff_only__exact=1",
        "chat/room/?o=-4",
        "chat/membership/?role__exact=owner",
        "chat/message/?deleted_at__isempty=0",
    ],
)
def test_every_filter_opens(site: Client, room: RoomPayload, address: str) -> None:
    shown(site, address)


def test_the_list_of_rooms_shows_how_many_members_each_has(
    site: Client, alice: User, room: RoomPayload
) -> None:
    create_room(acting(alice), name="cellar")
    page = shown(site, "chat/room/")
    assert re.findall(r'class="field-members">(\d+)<', page) == ["1", "2"]


def test_a_longer_list_takes_no_more_queries(
    site: Client, room: RoomPayload, alice: User
) -> None:
    def counts() -> list[int]:
        found = []
        for path in LISTS:
            with CaptureQueriesContext(connection) as queries:
                shown(site, f"{path}/")
            found.append(len(queries))
        return found

    append_one(Draft(room.id, acting(alice), "hello"))
    tokens.start_session(alice)
    before = counts()
    for number in range(5):
        other = person(f"person-{number}")
        tokens.start_session(other)
        made = create_room(acting(other), name=f"room-{number}")
        append_one(Draft(made.id, acting(other), "hello"))
    assert counts() == before
