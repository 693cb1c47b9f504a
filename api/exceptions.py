"""Every error of the REST door: `{code, detail, fields?, retry_after?}`."""

import logging
import math
import secrets
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.tokens import Identity
from core.audit import Event, record_refusal
from core.db_timeouts import as_unavailable
from core.errors import (
    Forbidden,
    Internal,
    Invalid,
    Refusal,
    Unauthorized,
)

logger = logging.getLogger(__name__)


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler; see REST_FRAMEWORK in the settings."""
    refusal = error if isinstance(error, Refusal) else as_refusal(error)
    _record(refusal, context["request"])
    response = Response(body(refusal), status=refusal.status)
    # What is to be said of it is in the log. Django would add the address, which may
    # hold the code of an invitation.
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
    if isinstance(refusal, Unauthorized):
        response["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(math.ceil(refusal.retry_after))
        _say_policy(response, refusal)
    return response


def _record(refusal: Refusal, request: Request) -> None:
    if request.resolver_match is None:
        return
    # Without a good token it is nobody; to ask for `request.auth` would try it again.
    who = {} if isinstance(refusal, Unauthorized) else _who(request)
    record_denial(refusal, str(request.method), request.resolver_match.route, **who)


def record_denial(refusal: Refusal, method: str, route: str, **who: object) -> None:
    """Of the URL only its pattern is told: the rest is what somebody wrote."""
    if refusal.is_denial:
        # daphne takes any word as a method.
        is_known = method.lower() in View.http_method_names
        told = {"method": method if is_known else "other", "route": route}
        record_refusal(Event.ACCESS_REFUSED, code=refusal.code, **told, **who)


def _who(request: Request) -> dict[str, object]:
    if not isinstance(request.auth, Identity):
        return {}
    actor = request.auth.actor
    return {"user": actor.id, "session": actor.session_id}


def _say_policy(response: Response, refusal: Refusal) -> None:
    """draft-ietf-httpapi-ratelimit-headers-10; see docs/decisions/0012."""
    policy = getattr(refusal, "policy", None)
    if policy is not None:
        wait = math.ceil(refusal.retry_after or 0)
        response["RateLimit-Policy"] = (
            f'"{policy.name}";q={policy.quota};w={policy.window}'
        )
        response["RateLimit"] = f'"{policy.name}";r=0;t={wait}'


def body(refusal: Refusal) -> dict[str, Any]:
    found: dict[str, Any] = {"code": refusal.code, "detail": refusal.detail}
    if refusal.fields is not None:
        found["fields"] = refusal.fields
    if refusal.retry_after is not None:
        found["retry_after"] = refusal.retry_after
    return found


# No cookie is read here: without this a PUT to nowhere is answered by Django, in HTML.
@csrf_exempt
def not_found(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """Addresses that no view has: a view, and Django's handler404."""
    content = msgspec.json.encode(body(_NotFound()))
    return HttpResponse(content, content_type="application/json", status=404)


class _NotFound(Refusal):
    code = "not_found"
    status = 404
    detail = "There is nothing at this address."


class _MethodNotAllowed(Refusal):
    code = "method_not_allowed"
    status = 405
    detail = "This address does not take this method."


class _UnsupportedMediaType(Refusal):
    code = "unsupported_media_type"
    status = 415
    detail = "Send application/json."


def as_refusal(error: Exception) -> Refusal:
    match error:
        case exceptions.ValidationError():
            return Invalid(fields=_fields(error.detail))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return Unauthorized()
        case exceptions.PermissionDenied() | PermissionDenied():
            return Forbidden()
        case exceptions.NotFound() | Http404():
            return _NotFound()
        case exceptions.MethodNotAllowed():
            return _MethodNotAllowed()
        case exceptions.UnsupportedMediaType() | exceptions.NotAcceptable():
            return _UnsupportedMediaType()
        case exceptions.APIException():
            return Invalid(str(error.detail))
    return as_unavailable(error) or _internal(error)


def _internal(error: Exception) -> Refusal:
    incident = secrets.token_hex(4)
    logger.error("incident %s", incident, exc_info=error)
    return Internal(f"Something went wrong. Tell the operator: incident {incident}.")


def _fields(detail: Any) -> dict[str, list[str]]:
    """DRF nests errors as the request nests fields: here each has one flat name."""
    if not isinstance(detail, dict):
        return {"body": [str(part) for part in detail]}
    return {
        "body" if name == "non_field_errors" else str(name): _texts(problems)
        for name, problems in detail.items()
    }


def _texts(problems: Any) -> list[str]:
    return [
        str(part) for part in (problems if isinstance(problems, list) else [problems])
    ]
