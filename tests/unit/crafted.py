"""Tokens as an attacker or another service would make them."""

from typing import Any

import jwt
from django.conf import settings

from accounts import tokens
from accounts.token_kinds import Ticket
from accounts.tokens import Identity, Presented
from core.errors import Unauthorized


def holder(token: str) -> str:
    """The username of an access token's holder. Raises Unauthorized or TokenExpired."""
    return tokens.verify_access(token).actor.user.username


def redeemed(ticket: str) -> Identity:
    """The identity behind a ticket, used up. Raises Unauthorized or TokenExpired."""
    [identity] = tokens.admit([Presented(ticket, (Ticket,))])
    if isinstance(identity, Unauthorized):
        raise identity
    return identity


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(claims: dict[str, Any], key: str | None = None) -> str:
    return jwt.encode(claims, key or settings.JWT_SIGNING_KEY, "HS256")


def changed(token: str, **claims: object) -> str:
    """The same token with some claims replaced, signed again with the right key."""
    return signed({**claims_of(token), **claims})


def without(token: str, claim: str) -> str:
    """The same token without one claim, signed again with the right key."""
    claims = claims_of(token)
    del claims[claim]
    return signed(claims)
