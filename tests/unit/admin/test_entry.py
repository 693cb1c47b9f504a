"""The admin site: who gets in, and how guesses at passwords are counted."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from core import limits
from core.limits.bucket import RateLimit

from .pages import LISTS, PASSWORD, shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(limits, "failed_logins", RateLimit(0.001, 2, name="failed"))
    monkeypatch.setattr(limits, "logins", RateLimit(0.001, 4, name="logins"))


def let_in(name: str, password: str, address: str) -> bool:
    fields = {"username": name, "password": password}
    answer = Client().post("/admin/login/?next=/admin/", fields, REMOTE_ADDR=address)
    return answer.status_code == 302


def test_a_superuser_logs_in_with_their_password(erin: User) -> None:
    client = Client()
    form = {"username": "erin", "password": PASSWORD}
    answer = client.post("/admin/login/?next=/admin/", form)
    assert answer.status_code == 302
    assert "Messages" in shown(client, "")


@pytest.mark.usefixtures("_limited")
def test_guesses_at_one_account_are_counted_wherever_they_come_from(erin: User) -> None:
    assert [let_in("erin", PASSWORD, f"192.0.2.{n}") for n in range(3)] == [True] * 3
    assert not let_in("erin", "wrong", "192.0.2.8")
    assert not let_in("Erin", "wrong", "192.0.2.9")
    assert not let_in("erin", PASSWORD, "192.0.2.10")


@pytest.mark.usefixtures("_limited")
def test_guesses_from_one_address_are_counted(erin: User) -> None:
    for number in range(4):
        assert not let_in(f"nobody-{number}", "wrong", "192.0.2.1")
    assert not let_in("erin", PASSWORD, "192.0.2.1")
    assert let_in("erin", PASSWORD, "192.0.2.2")


def test_a_person_who_is_not_staff_does_not_get_in(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for path in LISTS:
        assert client.get(f"/admin/{path}/").status_code == 302


def test_staff_without_permissions_see_no_list(dora: User) -> None:
    client = Client()
    client.force_login(dora)
    for path in LISTS:
        assert client.get(f"/admin/{path}/").status_code == 403
