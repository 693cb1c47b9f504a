"""Readers of the environment: what can be used, and a sentence for what cannot."""

from functools import partial
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.env import env_bool, env_database, env_int, env_list, env_secret, env_str

from .threads import at_once

NAME = "HUBBUB_TEST"
FILE = Path("/default.sqlite3")


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> "partial[None]":
    return partial(monkeypatch.setenv, NAME)


Put = partial[None]


def test_text_is_stripped(put: Put) -> None:
    put(" a b \n")
    assert env_str(NAME) == "a b"


def test_missing_text_is_the_default() -> None:
    assert env_str(NAME) == ""
    assert env_str(NAME, "x") == "x"


@pytest.mark.parametrize("value", ["1", "true", "True", "YES", "on", " On "])
def test_words_for_yes_switch_a_setting_on(put: Put, value: str) -> None:
    put(value)
    assert env_bool(NAME, False) is True


@pytest.mark.parametrize("value", ["0", "false", "NO", "off", "", " "])
def test_words_for_no_switch_a_setting_off(put: Put, value: str) -> None:
    put(value)
    assert env_bool(NAME, True) is False


@pytest.mark.parametrize("default", [True, False])
def test_missing_switch_is_the_default(default: bool) -> None:
    assert env_bool(NAME, default) is default


@pytest.mark.parametrize("value", ["2", "tru", "enabled", "None"])
def test_switch_that_says_neither_stops_the_start(put: Put, value: str) -> None:
    put(value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env_bool(NAME, True)


def test_a_number_is_read_as_a_number(put: Put) -> None:
    assert env_int(NAME, 7) == 7
    put(" 42 ")
    assert env_int(NAME, 7) == 42


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "1", "0x10", "²"])
def test_number_that_cannot_be_used_stops_the_start(put: Put, value: str) -> None:
    put(value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env_int(NAME, 7, minimum=2)


def test_a_list_is_split_at_its_commas(put: Put) -> None:
    assert env_list(NAME) == []
    assert env_list(NAME, "a,b") == ["a", "b"]
    put(" c , ,d,")
    assert env_list(NAME, "a,b") == ["c", "d"]


def test_a_secret_may_be_in_the_environment(put: Put, tmp_path: Path) -> None:
    put("from-the-environment")
    assert env_secret(NAME, development_dir=tmp_path) == "from-the-environment"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_may_be_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env_secret(NAME, development_dir=None) == "from-a-file"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_file_without_a_secret_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "secret").write_text(content)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env_secret(NAME, development_dir=None)


def test_missing_secret_stops_a_server() -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE"):
        env_secret(NAME, development_dir=None)


def test_missing_secret_is_made_once_in_development(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    made = env_secret(NAME, development_dir=folder)
    assert len(made) >= 50
    assert env_secret(NAME, development_dir=folder) == made
    assert (folder / NAME.lower()).stat().st_mode & 0o777 == 0o600


def test_two_secrets_differ(tmp_path: Path) -> None:
    made = {env_secret(f"{NAME}_{n}", development_dir=tmp_path) for n in range(3)}
    assert len(made) == 3


def test_processes_that_start_at_once_make_one_secret(tmp_path: Path) -> None:
    for attempt in range(25):
        folder = tmp_path / f"{attempt}"
        secrets = at_once([partial(env_secret, NAME, development_dir=folder)] * 8)
        assert len(set(secrets)) == 1
        assert len(str(secrets[0])) >= 50


def test_database_is_a_file_unless_named() -> None:
    found = env_database(NAME, FILE)
    assert found == {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FILE)}


def test_a_url_may_name_a_file_of_sqlite(put: Put) -> None:
    put("sqlite:////srv/chat%20data/db.sqlite3")
    assert env_database(NAME, FILE)["NAME"] == "/srv/chat data/db.sqlite3"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_url_may_name_a_postgresql(put: Put, scheme: str) -> None:
    put(f"{scheme}://me:p%40ss@db.example:5433/chat?sslmode=require")
    assert env_database(NAME, FILE) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "chat",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_url_of_postgresql_may_leave_parts_out(put: Put) -> None:
    put("postgres:///chat")
    found = env_database(NAME, FILE)
    assert [found[name] for name in ("NAME", "HOST", "PORT")] == ["chat", "", ""]


@pytest.mark.parametrize(
    "url", ["mysql://db/chat", "chat.sqlite3", "postgres://db:port/chat"]
)
def test_database_that_cannot_be_used_stops_the_start(put: Put, url: str) -> None:
    put(url)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env_database(NAME, FILE)
