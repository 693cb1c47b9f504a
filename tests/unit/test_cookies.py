"""Cookies are looked for on the admin's pages alone."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from backend.cookies import Notices, People, Sessions


def passed(path: str) -> HttpRequest:
    """A request as a view gets it."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    Sessions(People(Notices(view)))(RequestFactory().get(path))
    [request] = seen
    return request


@pytest.mark.parametrize("name", ["session", "user", "_messages"])
def test_a_page_of_the_admin_has_what_a_cookie_stands_for(name: str) -> None:
    assert hasattr(passed("/admin/"), name)


@pytest.mark.parametrize("path", ["/api/v1/me", "/", "/healthz", "/administration"])
@pytest.mark.parametrize("name", ["session", "user", "_messages"])
def test_a_request_of_the_api_has_none_of_it(path: str, name: str) -> None:
    assert not hasattr(passed(path), name)
