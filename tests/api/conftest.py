"""The people of the unit tests, each in front of the REST door."""

import pytest
from pytest_django import Settings

from accounts.models import User
from core import jobs
from tests.people import access_token
from tests.unit.conftest import (
    alice,
    bob,
    charlie,
    django_db_modify_db_settings,
    dora,
    nobody_has_asked_before,
    private_room,
    published,
    room,
    staff_room,
)

from .door import Door

__all__ = [
    "alice",
    "bob",
    "charlie",
    "django_db_modify_db_settings",
    "dora",
    "nobody_has_asked_before",
    "private_room",
    "published",
    "room",
    "staff_room",
]


@pytest.fixture(autouse=True)
def _page_need_not_be_built(settings: Settings) -> None:
    """WhiteNoise warns of a missing folder, and a warning is an error here."""
    settings.WHITENOISE_ROOT = None


@pytest.fixture(autouse=True)
def _nothing_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads would work in a database that the next test empties."""
    monkeypatch.setattr(jobs, "start", lambda job, worker=None: None)


@pytest.fixture
def anonymous(db: None) -> Door:
    return Door()


@pytest.fixture
def as_alice(alice: User) -> Door:
    return Door(access_token(alice))


@pytest.fixture
def as_bob(bob: User) -> Door:
    return Door(access_token(bob))


@pytest.fixture
def as_charlie(charlie: User) -> Door:
    return Door(access_token(charlie))


@pytest.fixture
def as_dora(dora: User) -> Door:
    return Door(access_token(dora))
