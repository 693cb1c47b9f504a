"""Searching without full text: parts of words are found, phrases are words."""

import pytest

from accounts.models import User

from .found import found_by


@pytest.mark.usefixtures("talk")
def test_sqlite_finds_parts_of_words(bob: User) -> None:
    assert found_by(bob, "re") == ["a RED hen", "The red fox"]
    assert found_by(bob, '"hen red"') == ["a RED hen"]
