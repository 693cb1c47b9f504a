"""Counting requests for `/metrics`, by method, route and status.

The labels come from closed lists: a route is the pattern of a URL and never a path, and
a method that HTTP does not know counts as "other".
"""

from typing import Any

from django.http import HttpRequest

from api.exceptions import known_method
from core import metrics

# A request that no pattern matched, or that was refused before one was looked for.
NO_ROUTE = "none"
_KEY = "hubbub.route"


def set_route(scope: Any, request: HttpRequest) -> None:
    """Remember the pattern that Django found for this request."""
    if request.resolver_match is not None:
        scope[_KEY] = f"/{request.resolver_match.route}"


def count_answer(scope: Any, status: int) -> None:
    """Call it once for each request, when the status is on its way."""
    method, route = known_method(scope["method"]), scope.get(_KEY, NO_ROUTE)
    metrics.requests.labels(method, route, status).inc()
