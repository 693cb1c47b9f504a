"""The Authorization header of REST. accounts/tokens.py says whether a token is good."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import tokens
from accounts.models import User
from accounts.tokens import Identity
from core.errors import Unauthorized


class BearerAuthentication(BaseAuthentication):
    """Makes `request.user` the person and `request.auth` their Identity."""

    def authenticate(self, request: Request) -> tuple[User, Identity] | None:
        identity = identity_from(get_authorization_header(request))
        return None if identity is None else (identity.actor.user, identity)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def identity_from(authorization: bytes) -> Identity | None:
    """The identity in this header, or None when it is empty.

    Raises Unauthorized or TokenExpired.
    """
    words = authorization.split()
    if not words:
        return None
    if len(words) != 2 or words[0].lower() != b"bearer":
        raise Unauthorized("Say `Authorization: Bearer <access token>`.")
    return tokens.verify_access(words[1].decode("latin-1"))


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
