"""The policy for browsers of each answer: one table, from the address to its policy.

A policy forbids everything that its address does not need. The headers that are the
same everywhere come from Django's SecurityMiddleware and XFrameOptionsMiddleware
(settings.py).
"""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Policy(NamedTuple):
    """`csp` adds to that of every answer. Pages of `readers` may show the answer."""

    csp: str
    readers: str = "same-origin"
    referrer: str = "no-referrer"


_NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_OWN = "script-src 'self'; connect-src 'self'"
_PAGE = Policy(
    f"{_OWN}; style-src 'self'; img-src 'self'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
# Without a referrer browsers send `Origin: null` with a form, which Django refuses:
# https://fetch.spec.whatwg.org/#append-a-request-origin-header
_ADMIN = Policy(
    f"{_OWN}; style-src 'self'; img-src 'self'; form-action 'self'",
    referrer="same-origin",
)
# Its style sheet holds its icons as data.
_SWAGGER = Policy(f"{_OWN}; style-src 'self'; img-src 'self' data:; form-action 'none'")
# It writes styles into the page, and its search runs in a worker made from a blob.
_REDOC = Policy(
    f"{_OWN}; style-src 'unsafe-inline'; img-src 'self' data:; worker-src blob:;"
    " form-action 'none'"
)
# Data of any kind. Opened as a page, it has no origin and runs no script.
_DATA = Policy("sandbox; form-action 'none'")
# Pages of other origins may show pictures too: only the link or the name opens them.
_FILE = _DATA._replace(readers="cross-origin")

# The first pattern that matches the beginning of the path counts.
_POLICIES = [
    (re.compile(path), policy)
    for path, policy in (
        (r"/\Z", _PAGE),
        (r"/admin/", _ADMIN),
        (r"/api/docs\Z", _SWAGGER),
        (r"/api/redoc\Z", _REDOC),
        (r"/api/v1/(attachments|avatars)/", _FILE),
        (r"", _DATA),
    )
]
_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _FEATURES)

_Next: TypeAlias = Callable[[HttpRequest], HttpResponseBase]


def policies(get_response: _Next) -> _Next:
    """The first middleware, so that every answer passes it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response, policy = get_response(request), policy_of(request.path)
        response["Content-Security-Policy"] = f"{_NOTHING}; {policy.csp}"
        response["Referrer-Policy"] = policy.referrer
        response["Permissions-Policy"] = _PERMISSIONS
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Resource-Policy"] = policy.readers
        if request.path.startswith("/api/v1/"):
            # It is for one person, and may hold a token. Files set their own time.
            response.setdefault("Cache-Control", "no-store")
        return response

    return answer


def policy_of(path: str) -> Policy:
    return next(policy for pattern, policy in _POLICIES if pattern.match(path))
