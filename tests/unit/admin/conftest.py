"""A superuser, and a browser in which she has logged in."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User

from .pages import PASSWORD


@pytest.fixture(autouse=True)
def _page_need_not_be_built(settings: Settings) -> None:
    settings.WHITENOISE_ROOT = None


@pytest.fixture
def erin(db: None) -> User:
    return User.objects.create_superuser("erin", PASSWORD, display_name="Erin")


@pytest.fixture
def site(erin: User) -> Client:
    client = Client()
    client.force_login(erin)
    return client
