"""The kinds of tokens, the keys that sign them, and reading one.

All are signed JWTs, which simplejwt makes and parses. Whether a token that reads well
is still good is for accounts/tokens.py to say.
"""

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
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


class HubbubToken(Token):
    """The claims that every kind of token has: `sub`, `sid`, `ver`, `jti`, `exp`."""

    def get_token_backend(self) -> TokenBackend:
        return _keys(settings.JWT_SIGNING_KEY, settings.JWT_PREVIOUS_KEY)

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


def read_token(kind: type[HubbubToken], raw: str) -> HubbubToken:
    """The token's claims, with its signature, times, issuer, audience and type checked.

    Raises Unauthorized or TokenExpired.
    """
    if not raw or len(raw) > MAX_TOKEN_LENGTH:
        raise Unauthorized
    try:
        return kind(raw)  # type: ignore[arg-type]  # simplejwt annotates it wrongly
    except ExpiredTokenError:
        raise TokenExpired from None
    except (TokenError, ValueError, OverflowError):
        raise Unauthorized from None


def time_of(claims: Token, claim: str) -> datetime:
    """A claim that holds seconds since 1970. Raises Unauthorized for anything else."""
    try:
        return datetime.fromtimestamp(claims[claim], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Unauthorized from None
