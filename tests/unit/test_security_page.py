"""docs/security.md: every test and file that it names is there, every item is in it."""

import re
from pathlib import Path

import pytest

from backend import settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w./-]+/[\w./-]+\.\w+)(?:::(\w+))?`", PAGE)))
ITEMS = dict(re.findall(r"\*\*(S-\d\d) (.*?)(?=\n\n)", PAGE, re.DOTALL))


@pytest.mark.parametrize(("path", "test"), NAMED, ids=lambda value: value or "-")
def test_every_file_and_test_that_it_names_exists(path: str, test: str) -> None:
    source = (ROOT / path).read_text()
    assert not test or re.search(rf"^(async )?def {test}\(", source, re.MULTILINE)


def test_tests_are_named_so_that_they_are_looked_for() -> None:
    written = set(re.findall(r"tests/[\w/]+\.py(?:::\w+)?", PAGE))
    assert written == {
        f"{path}::{test}" if test else path
        for path, test in NAMED
        if path.startswith("tests/")
    }
    assert re.findall(r"\btest_\w+", re.sub(r"`[^`]+`", "", PAGE)) == []


def test_every_item_says_which_test_shows_it_or_that_none_does() -> None:
    assert sorted(ITEMS) == [f"S-{number:02}" for number in range(1, 36)]
    for item, text in ITEMS.items():
        assert re.search(r"tests?[_/]|In work|Not done", text), item


def test_passwords_are_argon2_and_no_token_holds_a_hash() -> None:
    assert settings.PASSWORD_HASHERS == ["accounts.hashers.Argon2"]
    assert "CHECK_REVOKE_TOKEN" not in settings.SIMPLE_JWT
