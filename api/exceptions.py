"""Every error of REST has one shape: `{code, detail, fields?, retry_after?}`."""

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
    """DRF's exception handler; REST_FRAMEWORK in the settings names it."""
    refusal = error if isinstance(error, Refusal) else as_refusal(error)
    request: Request = context["request"]
    if match := request.resolver_match:
        # After Unauthorized nobody is known, and reading `request.auth` would check the
        # bad token once more.
        is_known = not isinstance(refusal, Unauthorized)
        identity = request.auth if is_known else None
        log_refusal(refusal, str(request.method), match.route, identity)
    response = Response(body(refusal), status=refusal.status)
    # It is logged above. Django would log it again with the path, which may hold the
    # code of an invitation.
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
    if isinstance(refusal, Unauthorized):
        response["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        response["Retry-After"] = str(math.ceil(refusal.retry_after))
        _set_policy(response, refusal)
    return response


def log_refusal(
    refusal: Refusal, method: str, route: str, identity: object = None
) -> None:
    """Log a refusal of access, with the pattern of the URL and not the URL itself."""
    if refusal.is_about_access:
        ids: dict[str, object] = {"method": known_method(method), "route": route}
        if isinstance(identity, Identity):
            ids |= {"user": identity.actor.id, "session": identity.actor.session_id}
        record_refusal(Event.ACCESS_REFUSED, code=refusal.code, **ids)


def known_method(method: str) -> str:
    """The method, or "other": daphne takes any word as one."""
    return method if method.lower() in View.http_method_names else "other"


def _set_policy(response: Response, refusal: Refusal) -> None:
    """Name the limit: draft-ietf-httpapi-ratelimit-headers-10, docs/decisions/0012."""
    policy = getattr(refusal, "policy", None)
    if policy is not None:
        wait = math.ceil(refusal.retry_after or 0)
        response["RateLimit-Policy"] = (
            f'"{policy.name}";q={policy.quota};w={policy.window}'
        )
        response["RateLimit"] = f'"{policy.name}";r=0;t={wait}'


def body(refusal: Refusal) -> dict[str, Any]:
    """The JSON of a refusal, as a client gets it."""
    shape: dict[str, Any] = {"code": refusal.code, "detail": refusal.detail}
    if refusal.fields is not None:
        shape["fields"] = refusal.fields
    if refusal.retry_after is not None:
        shape["retry_after"] = refusal.retry_after
    return shape


# Otherwise Django would answer a PUT to an unknown address with a page about cookies.
@csrf_exempt
def not_found(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """For every address that no other view has; also Django's handler404."""
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
    """The refusal for an exception of DRF, of Django, or one that nobody expected.

    An unexpected one is logged with a number, which the answer names.
    """
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
    if unavailable := as_unavailable(error):
        return unavailable
    incident = secrets.token_hex(4)
    logger.error("incident %s", incident, exc_info=error)
    return Internal(f"Something went wrong. Tell the operator: incident {incident}.")


def _fields(detail: Any) -> dict[str, list[str]]:
    """The problems of each field by its name, which DRF nests as the request does."""
    if not isinstance(detail, dict):
        return {"body": [str(part) for part in detail]}
    return {
        "body" if name == "non_field_errors" else str(name): [
            str(part)
            for part in (problems if isinstance(problems, list) else [problems])
        ]
        for name, problems in detail.items()
    }
