"""A password costs its attacker much and everybody else little."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password
from django.db import connection, transaction
from pytest_django import Settings

from accounts import hashers
from accounts.hashers import Argon2
from accounts.models import User
from tests.people import person

from .threads import at_once


def test_hashes_are_of_the_cost_that_owasp_asks_for() -> None:
    encoded = Argon2().encode("correct horse", "some-long-salt")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Argon2().verify("correct horse", encoded)
    assert not Argon2().verify("correct hors", encoded)


def test_a_hash_of_another_cost_is_made_anew(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
    kept: list[str] = []
    old = Argon2PasswordHasher().encode("correct horse", "some-long-salt")
    assert check_password("correct horse", old, setter=kept.append)
    assert kept == ["correct horse"]


def test_passwords_are_hashed_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many log in at once: the others keep a core."""
    busy = Lock()

    def encode(hasher: Argon2, password: str, salt: str) -> str:
        assert busy.acquire(blocking=False), "two at once"
        real = _encode(hasher, password, salt)
        busy.release()
        return real

    monkeypatch.setattr(Argon2PasswordHasher, "encode", encode)
    jobs = [lambda: Argon2().encode("correct horse", "some-long-salt")] * 5
    assert len(set(at_once(jobs))) == 1


_encode = Argon2PasswordHasher.encode


@pytest.mark.django_db(transaction=True)
def test_a_password_is_hashed_inside_a_transaction(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2"]
    with transaction.atomic():
        alice = person("alice")
        alice.set_password("correct horse")
        alice.save()
    assert User.objects.get().check_password("correct horse")


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_waits_to_hash_holds_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are few: a burst of log-ins would have them all, and the writer none."""
    in_turn = hashers._in_turn
    held: list[bool] = []

    @contextmanager
    def watched() -> Iterator[None]:
        held.append(connection.connection is not None)
        with in_turn():
            held.append(connection.connection is not None)
            yield

    monkeypatch.setattr(hashers, "_in_turn", watched)

    def log_in() -> None:
        User.objects.exists()
        Argon2().encode("correct horse", "some-long-salt")

    assert at_once([log_in]) == [None]
    assert held == [True, False]
