"""`manage.py first_run`: the people and rooms that a newcomer finds."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts import sessions
from accounts.models import User
from chat import queries
from chat.models import Membership, Message, Room
from tests.people import acting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _debug(settings: Settings) -> None:
    settings.DEBUG = True


def snapshot() -> list[object]:
    """Every row that the command could make."""
    tables = (User, Room, Membership, Message)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_the_command_is_refused_without_debug(settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("first_run")
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_alice_and_bob_log_in_with_the_printed_passwords(name: str) -> None:
    call_command("first_run")
    user, _ = sessions.log_in(username=name, password=f"{name}-likes-hubbub")
    assert user.username == name


def test_bob_is_staff_and_alice_is_not() -> None:
    call_command("first_run")
    staff = User.objects.filter(is_staff=True).values_list("username", flat=True)
    assert list(staff) == ["bob"]
    assert not User.objects.filter(is_superuser=True).exists()


def test_alice_and_bob_see_their_rooms() -> None:
    call_command("first_run")
    for name, expected in (("alice", ["general"]), ("bob", ["general", "staff"])):
        user = User.objects.get(username=name)
        for rooms in (
            queries.rooms.rooms_of(acting(user)),
            queries.directory.directory(acting(user)).rooms,
        ):
            assert [room.name for room in rooms] == expected


def test_the_rooms_have_messages_to_read() -> None:
    call_command("first_run")
    alice = User.objects.get(username="alice")
    [general] = queries.rooms.rooms_of(acting(alice))
    history = queries.messages.history(acting(alice), general.id)
    assert [m.seq for m in history.messages] == list(range(1, general.head_seq + 1))
    talk = [m.sender.username for m in history.messages if m.body and m.sender]
    assert talk == ["alice", "bob", "alice", "bob", "alice"]


def test_a_second_run_changes_nothing() -> None:
    call_command("first_run")
    before = snapshot()
    call_command("first_run")
    assert snapshot() == before
