"""Cookies, and what Django keeps in them, for the pages of the admin alone.

The API takes tokens. Getting ready for a cookie would take each of its requests a
seventh of the time that it spends in Django (docs/decisions/0020).
"""

from collections.abc import Awaitable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

_ADMIN = "/admin/"


class _OfAdmin(MiddlewareMixin):
    def __call__(
        self, request: HttpRequest
    ) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path.startswith(_ADMIN):
            return super().__call__(request)
        return self.get_response(request)


class Sessions(_OfAdmin, SessionMiddleware):
    """Which session the cookie names."""


class People(_OfAdmin, AuthenticationMiddleware):
    """The person who has logged in with that session."""


class Notices(_OfAdmin, MessageMiddleware):
    """The notices for the next page, such as that a row was saved."""
