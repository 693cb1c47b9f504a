"""`manage.py loadtest_users`: people and tokens, for a load generator to read."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import tokens
from accounts.models import Session, User
from chat import queries
from chat.log.append import append_one
from chat.log.draft import Draft
from chat.models import Membership, Message, Room
from tests.people import acting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def run(users: int, rooms: int) -> list[dict[str, str]]:
    output = StringIO()
    call_command(
        "loadtest_users", f"--users={users}", f"--rooms={rooms}", stdout=output
    )
    return [json.loads(line) for line in output.getvalue().splitlines()]


def stored() -> list[set[object]]:
    """The ids of every row that the command could make."""
    tables = (User, Room, Membership, Message)
    return [set(table.objects.values_list("pk", flat=True)) for table in tables]


def test_the_command_is_refused_without_debug(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        run(1, 1)
    assert not User.objects.exists()


@pytest.mark.parametrize(("users", "rooms"), [(0, 1), (1, 0), (-1, 1)])
def test_the_command_is_refused_with_no_people_or_no_rooms(
    users: int, rooms: int
) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        run(users, rooms)
    assert not User.objects.exists()
    assert not Room.objects.exists()


def test_the_command_prints_one_line_for_each_person() -> None:
    lines = run(5, 2)
    assert [set(line) for line in lines] == [{"username", "token", "room"}] * 5
    assert [line["username"] for line in lines] == [f"load-{n}" for n in range(5)]


def test_people_are_dealt_to_the_rooms_in_turn() -> None:
    rooms = [line["room"] for line in run(5, 2)]
    assert rooms[0] != rooms[1]
    assert rooms == [rooms[0], rooms[1], rooms[0], rooms[1], rooms[0]]
    for line in run(5, 2):
        user = User.objects.get(username=line["username"])
        assert [room.id for room in queries.rooms.rooms_of(acting(user))] == [
            line["room"]
        ]


def test_a_printed_token_opens_its_room() -> None:
    [line] = run(1, 1)
    user = tokens.verify_access(line["token"]).actor.user
    assert user.username == line["username"]
    sent = append_one(Draft(line["room"], acting(user), "hello", client_id="1"))
    assert sent.message.seq == 1


def test_a_second_run_makes_no_new_people() -> None:
    first = run(4, 2)
    tables = (User, Room, Membership, Message)
    before = [set(table.objects.values_list("pk", flat=True)) for table in tables]
    second = run(4, 2)
    assert [
        set(table.objects.values_list("pk", flat=True)) for table in tables
    ] == before
    assert [line["room"] for line in second] == [line["room"] for line in first]


def test_the_tokens_of_the_first_run_stay_good() -> None:
    [first] = run(1, 1)
    [second] = run(1, 1)
    assert first["token"] != second["token"]
    for line in (first, second):
        assert tokens.verify_access(line["token"]).actor.user.username == "load-0"
    assert Session.objects.count() == 2


def test_a_person_made_here_cannot_log_in_with_a_password() -> None:
    run(1, 1)
    assert not User.objects.get().check_password("!")
