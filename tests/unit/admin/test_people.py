"""The admin site: people, their rights and their passwords."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import tokens
from accounts.models import User
from core.bus.envelopes import EndSessions, Envelope
from tests.people import person

from .pages import PASSWORD, change_person, is_good, shown

pytestmark = pytest.mark.django_db(transaction=True)


def test_people_are_made_but_never_deleted(site: Client, alice: User) -> None:
    form = {
        "username": "frank",
        "display_name": "Frank",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert site.post("/admin/accounts/user/add/", form).status_code == 302
    assert User.objects.get(username="frank").check_password(PASSWORD)
    answer = site.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


def test_a_name_that_differs_in_capitals_alone_is_taken(
    site: Client, alice: User
) -> None:
    form = {"username": "ALICE", "display_name": "x", "usable_password": "false"}
    assert site.post("/admin/accounts/user/add/", form).status_code == 200
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "fields", [{"is_active": None}, {"is_staff": "on"}, {"is_superuser": "on"}]
)
def test_losing_or_gaining_a_right_ends_every_session(
    site: Client, alice: User, published: list[Envelope], fields: dict[str, object]
) -> None:
    pair = tokens.start_session(alice)
    change_person(site, alice, **fields)
    disabled = "is_active" in fields
    assert published == [EndSessions(str(alice.pk), None, 2, is_disabled=disabled)]
    assert not is_good(pair.access)


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_losing_a_staff_flag_ends_every_session(
    site: Client, dora: User, published: list[Envelope], flag: str
) -> None:
    User.objects.filter(pk=dora.pk).update(is_superuser=True)
    dora.refresh_from_db()
    change_person(site, dora, **{flag: None})
    assert published == [EndSessions(str(dora.pk), None, 2)]
    dora.refresh_from_db()
    assert (getattr(dora, flag), dora.token_version) == (False, 2)


def test_changing_a_display_name_ends_no_session(
    site: Client, alice: User, published: list[Envelope]
) -> None:
    pair = tokens.start_session(alice)
    change_person(site, alice, display_name="Alice L.", token_version="7")
    alice.refresh_from_db()
    assert (alice.display_name, alice.token_version) == ("Alice L.", 1)
    assert published == []
    assert is_good(pair.access)


def test_the_form_cleans_a_display_name_as_the_doors_do(
    site: Client, alice: User
) -> None:
    change_person(site, alice, display_name=" Alice\u00a0 L. ")
    alice.refresh_from_db()
    assert alice.display_name == "Alice L."
    path = f"/admin/accounts/user/{alice.pk}/change/"
    form = {"username": "alice", "display_name": "a\u202eb", "is_active": "on"}
    answer = site.post(path, form)
    assert "Leave out U+202E" in answer.content.decode()
    alice.refresh_from_db()
    assert alice.display_name == "Alice L."


def test_the_page_of_a_person_does_not_show_their_token_version(
    site: Client, alice: User
) -> None:
    page = shown(site, f"accounts/user/{alice.pk}/change/")
    assert "token_version" not in page


def test_new_password_ends_every_session(
    site: Client, alice: User, published: list[Envelope]
) -> None:
    pair = tokens.start_session(alice)
    path = f"/admin/accounts/user/{alice.pk}/password/"
    form = {
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
        "set-password": "1",
    }
    assert site.get(path).status_code == 200
    assert site.post(path, form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert published == [EndSessions(str(alice.pk), None, 2)]
    assert not is_good(pair.access)


@pytest.fixture
def as_dora(dora: User) -> Client:
    """Staff who were permitted to look after people, and no more."""
    dora.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client = Client()
    client.force_login(dora)
    return client


@pytest.mark.parametrize("whom", ["themselves", "a superuser", "other staff"])
def test_nobody_gets_the_rights_of_others_by_changing_them(
    as_dora: Client, dora: User, erin: User, whom: str
) -> None:
    """A password that one sets is as good as the rights of whoever has it."""
    other = person("frank", is_staff=True)
    target = {"themselves": dora, "a superuser": erin, "other staff": other}[whom]
    before = User.objects.filter(pk=target.pk).values().get()
    forms: dict[str, dict[str, str]] = {
        "change": {"username": "x1", "display_name": "X", "is_superuser": "on"},
        "password": {"password1": PASSWORD, "password2": PASSWORD, "set-password": "1"},
    }
    for verb, form in forms.items():
        path = f"/admin/accounts/user/{target.pk}/{verb}/"
        assert as_dora.post(path, form).status_code == 403
    assert User.objects.filter(pk=target.pk).values().get() == before


def test_staff_who_look_after_people_can_give_nobody_rights(
    as_dora: Client, alice: User
) -> None:
    flags = {"is_staff": "on", "is_superuser": "on"}
    change_person(as_dora, alice, display_name="A.", is_active=None, **flags)
    alice.refresh_from_db()
    assert alice.display_name == "A."
    assert (alice.is_active, alice.is_staff, alice.is_superuser) == (False,) * 3
