"""Accounts: names, passwords, profiles, and where one is logged in."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import Settings

from accounts import passwords, sessions, tokens
from accounts.models import Session, User
from accounts.registration import register
from core.errors import Invalid, Unauthorized

PASSWORD = "correct-horse-battery"


@pytest.fixture
def erin(db: None) -> User:
    return register(username="Erin", password=PASSWORD)[0]


def fields_refused(**fields: str) -> set[str]:
    with pytest.raises(Invalid) as refused:
        register(**{"username": "frank", "password": PASSWORD, **fields})
    return set(refused.value.fields or {})


def test_a_person_who_registers_has_no_special_rights(erin: User) -> None:
    stored = User.objects.get()
    assert (stored.username, stored.display_name) == ("Erin", "Erin")
    assert stored.is_active
    assert [stored.is_staff, stored.is_superuser, stored.is_bot] == [False] * 3


def test_a_password_is_stored_as_a_hash(erin: User) -> None:
    assert PASSWORD not in User.objects.get().password


def test_display_name_may_differ(db: None) -> None:
    user, _ = register(username="erin", password=PASSWORD, display_name="Érin 🌊")
    assert user.display_name == "Érin 🌊"


@pytest.mark.parametrize("name", ["Erin", "erin", "ERIN"])
def test_a_username_that_is_taken_is_taken_in_every_case(erin: User, name: str) -> None:
    assert fields_refused(username=name) == {"username"}
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["ab", "a1", "9lives", "a.b-c_d", "x" * 32])
def test_a_good_username_is_taken(db: None, name: str) -> None:
    person, _ = register(username=name, password=PASSWORD)
    assert person.username == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "x" * 33,
        "-ab",
        ".ab",
        "a b",
        "érin",
        "erin\n",
        "a\x00b",
        "\u0435rin",
        "a/b",
    ],
)
def test_a_bad_username_is_refused(db: None, name: str) -> None:
    assert "username" in fields_refused(username=name)
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["", "short", "password", "19283746", "frank-123"])
def test_a_weak_password_is_refused(db: None, password: str) -> None:
    assert fields_refused(password=password) == {"password"}
    assert not User.objects.exists()


def test_a_display_name_that_is_too_long_is_refused(db: None) -> None:
    assert fields_refused(display_name="x" * 65) == {"display_name"}


def test_registering_makes_no_account_when_its_session_cannot_begin(
    db: None, settings: Settings
) -> None:
    # No pair can be issued: the session would end after the year 9999.
    settings.SESSION_DAYS = 10**8
    with pytest.raises(OverflowError):
        register(username="erin", password=PASSWORD)
    assert not User.objects.filter(username="erin").exists()
    assert not Session.objects.exists()


def test_logging_in_leaves_no_session_when_no_pair_can_be_issued(
    erin: User, settings: Settings
) -> None:
    before = Session.objects.count()
    settings.SESSION_DAYS = 10**8
    with pytest.raises(OverflowError):
        sessions.log_in(username="erin", password=PASSWORD)
    assert Session.objects.count() == before


@pytest.mark.parametrize("name", ["Erin", "erin", "ERIN"])
def test_a_person_logs_in_by_their_username_in_any_case(erin: User, name: str) -> None:
    assert sessions.log_in(username=name, password=PASSWORD)[0] == erin


@pytest.mark.parametrize(
    ("name", "password"), [("erin", "wrong"), ("erin", ""), ("nobody", PASSWORD)]
)
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(
    erin: User, name: str, password: str
) -> None:
    with pytest.raises(Unauthorized) as refused:
        sessions.log_in(username=name, password=password)
    assert refused.value.detail == "The username or the password is wrong."


def test_an_inactive_person_cannot_log_in(erin: User) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(Unauthorized):
        sessions.log_in(username="erin", password=PASSWORD)


def test_a_person_without_a_usable_password_cannot_log_in(alice: User) -> None:
    with pytest.raises(Unauthorized):
        sessions.log_in(username="alice", password="!")


def test_new_password_replaces_the_old_one(erin: User) -> None:
    erin.set_password("trombone-42")
    passwords.save_password(erin)
    assert sessions.log_in(username="erin", password="trombone-42")[0] == erin
    with pytest.raises(Unauthorized):
        sessions.log_in(username="erin", password=PASSWORD)


def test_a_weak_new_password_leaves_the_old_one(erin: User) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.hash_of("password", erin)
    assert set(refused.value.fields or {}) == {"new_password"}
    assert sessions.log_in(username="erin", password=PASSWORD)[0] == erin


def test_open_sessions_come_with_the_latest_used_first(alice: User, bob: User) -> None:
    for user in (alice, alice, alice, bob):
        tokens.start_session(user)
    first, second, ended = Session.objects.filter(user=alice).order_by("created_at")
    tokens.revoke(alice, ended.pk)
    Session.objects.filter(pk=first.pk).update(last_used_at=timezone.now())
    assert sessions.open_sessions(alice) == [first, second]


def test_a_natural_key_is_found_in_any_case(erin: User) -> None:
    assert User.objects.get_by_natural_key("eRiN") == erin


def test_a_superuser_is_staff(db: None) -> None:
    root = User.objects.create_superuser("root", PASSWORD, display_name="Root")
    assert root.is_staff
    assert root.is_superuser


def test_the_model_checks_usernames_by_the_same_rule(db: None) -> None:
    with pytest.raises(ValidationError):
        User(username="a b", display_name="x", password="!").full_clean()
