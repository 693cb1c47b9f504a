"""The fixtures of these tests: people, rooms, and everything that was announced.

SQLite is a file here, because threads cannot share a database in memory.
"""

import os
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from backend.storages import file_storage
from chat.actions import erasing
from chat.actions.rooms import create_room
from chat.log.append import append
from chat.log.draft import Draft
from chat.payloads.rooms import RoomPayload
from core import jobs, limits
from core.bus import publisher
from core.bus.envelopes import Envelope
from core.jobs import Job
from core.limits.bucket import RateLimit
from core.limits.network import NetworkLimit, PersonLimit
from tests.people import acting, person, room_of

from .moderating import member_of

on_postgres = os.environ.get("TEST_ON") == "postgres"
# Tests of one database are not collected on the other.
collect_ignore = (
    ["test_search_on_sqlite.py"]
    if on_postgres
    else [
        "test_log_on_postgres.py",
        "test_db_timeouts_on_postgres.py",
        "test_people_search_on_postgres.py",
        "test_pipeline_on_postgres.py",
        "test_search_on_postgres.py",
        "test_unread_on_postgres.py",
    ]
)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    if connection.vendor == "sqlite":
        file: Path = tmp_path_factory.mktemp("database") / "tests.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[Envelope]:
    """The envelopes for the channel layer, in order. None is really sent."""
    envelopes: list[Envelope] = []
    monkeypatch.setattr(publisher, "publish", envelopes.extend)
    return envelopes


@pytest.fixture(autouse=True)
def _nothing_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no job: its thread would work in a database that the next test empties."""
    monkeypatch.setattr(jobs, "start", lambda job, worker=None: None)


@pytest.fixture(autouse=True)
def nobody_has_asked_before() -> None:
    """Empty all buckets: they outlive a test, and the next alice is another person."""
    for value in vars(limits).values():
        for limit in _rate_limits(value):
            limit._buckets.clear()


def _rate_limits(value: object) -> list[RateLimit]:
    match value:
        case RateLimit():
            return [value]
        case NetworkLimit():
            return list(value._of.values())
        case PersonLimit():
            return [value.own, *_rate_limits(value.network)]
        case _:
            return []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that were handed to the background; a test does them when it wants."""
    handed_over: list[Job] = []
    monkeypatch.setattr(jobs, "start", handed_over.append)
    return handed_over


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Erasing many messages waits between its batches."""
    monkeypatch.setattr(erasing, "_PAUSE_SECONDS", 0)


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the stored files: the test's own, so that they can be counted."""
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(tmp_path)}
    return tmp_path


@pytest.fixture
def alice(db: None) -> User:
    return person("alice")


@pytest.fixture
def bob(db: None) -> User:
    return person("bob")


@pytest.fixture
def charlie(db: None) -> User:
    return person("charlie")


@pytest.fixture
def dora(db: None) -> User:
    return person("dora", is_staff=True)


@pytest.fixture
def room(alice: User, bob: User) -> RoomPayload:
    """A public room that alice created (seq 1) and bob joined (seq 2)."""
    return room_of(alice, bob)


@pytest.fixture
def private_room(alice: User) -> RoomPayload:
    return create_room(acting(alice), name="attic", kind="private")


@pytest.fixture
def staff_room(dora: User) -> RoomPayload:
    return create_room(acting(dora), name="bridge", staff_only=True)


@pytest.fixture
def talk(alice: User, bob: User, room: RoomPayload) -> RoomPayload:
    said = ["The red fox", "a RED hen", "a blue hen", "nothing at all"]
    append(
        [
            Draft(room.id, acting((alice, bob)[n % 2]), body)
            for n, body in enumerate(said)
        ]
    )
    return room


@pytest.fixture
def mona(room: RoomPayload) -> User:
    """A moderator of the room."""
    return member_of(room, "mona", "moderator")


@pytest.fixture
def identity(alice: User) -> tokens.Identity:
    return tokens.verify_access(tokens.start_session(alice).access)
