"""The kinds of tokens, the keys that sign them, and reading one.

All are signed JWTs, which simplejwt makes and verifies. Whether a token that reads well
is still good is for accounts/tokens.py to say.
"""

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    TokenBackendError,
    TokenBackendExpiredToken,
)
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from core.errors import TokenExpired, Unauthorized

from .models import User

TICKET_LIFETIME = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 4096


class _Keys(TokenBackend):
    """Signs with the current key, and also verifies tokens of the previous one."""

    def __init__(self, key: str, previous: "_Keys | None") -> None:
        super().__init__(
            api_settings.ALGORITHM,
            signing_key=key,
            audience=api_settings.AUDIENCE,
            issuer=api_settings.ISSUER,
            leeway=api_settings.LEEWAY,
        )
        self.previous = previous

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        try:
            return super().decode(token, verify)
        except TokenBackendExpiredToken:
            raise
        except TokenBackendError:
            if self.previous is None:
                raise
            return self.previous.decode(token, verify)


@cache
def _keys(current: str, previous: str) -> _Keys:
    """One object for each pair of keys: making it costs more than verifying a token."""
    return _Keys(current, _Keys(previous, None) if previous else None)


def _current_keys() -> _Keys:
    return _keys(settings.JWT_SIGNING_KEY, settings.JWT_PREVIOUS_KEY)


class HubbubToken(Token):
    """The claims that every kind of token has: `sub`, `sid`, `ver`, `jti`, `exp`."""

    def get_token_backend(self) -> TokenBackend:
        return _current_keys()

    def set_jti(self) -> None:
        # 128 random bits, where a UUID has 122: OWASP ASVS 5.0, 11.5.1.
        self["jti"] = secrets.token_urlsafe(16)


class Access(HubbubToken):
    """Opens both doors, for minutes."""

    token_type = "access"
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME


class Refresh(HubbubToken):
    """Is exchanged for the next pair, once, within weeks."""

    token_type = "refresh"
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


class Ticket(HubbubToken):
    """Opens one socket, within seconds."""

    token_type = "ticket"
    lifetime = TICKET_LIFETIME


def new_token(
    kind: type[HubbubToken], user: User, session_id: UUID | None
) -> HubbubToken:
    """A token of this person's session, to be signed by `str()`."""
    token = kind()
    token["sub"] = str(user.pk)
    token["sid"] = str(session_id)
    token["ver"] = user.token_version
    return token


class Claims(msgspec.Struct, frozen=True):
    """The claims of a token of ours, by their names on the wire."""

    token_type: str
    sub: UUID
    sid: UUID
    ver: int
    jti: str
    exp: int
    # Of a ticket alone: the end of the access token that bought it.
    access_exp: int | None = None

    @property
    def is_ticket(self) -> bool:
        return self.token_type == Ticket.token_type


def read_token(raw: str, *kinds: type[HubbubToken]) -> Claims:
    """The claims of a token of one of these kinds, which is decoded once.

    Its signature, times, issuer and audience are checked. Raises Unauthorized or
    TokenExpired.
    """
    if not raw or len(raw) > MAX_TOKEN_LENGTH:
        raise Unauthorized
    try:
        claims = msgspec.convert(_current_keys().decode(raw), Claims)
    except TokenBackendExpiredToken:
        raise TokenExpired from None
    except (TokenBackendError, msgspec.ValidationError, ValueError, OverflowError):
        raise Unauthorized from None
    if claims.token_type not in {kind.token_type for kind in kinds}:
        raise Unauthorized
    return claims


def time_of(seconds: int | None) -> datetime:
    """A claim that holds seconds since 1970. Raises Unauthorized for none."""
    if seconds is None:
        raise Unauthorized
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Unauthorized from None
