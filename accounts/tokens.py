"""Tokens: the only module that issues or checks one.

Three kinds, all signed JWTs: an access token (minutes) opens both doors, a refresh
token (weeks, replaced at each use) buys the next pair, a ticket (30 s, once) opens one
socket. The database keeps ids of tokens, never a token. simplejwt makes and parses
them; its blacklist tables remember which refresh tokens are used up.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)
from rest_framework_simplejwt.tokens import Token

from core.audit import Event, record, record_committed
from core.errors import TokenExpired, Unauthorized

from .actor import Actor, from_session
from .models import RedeemedTicket, Session, User

TICKET_LIFETIME = timedelta(seconds=30)
# Two tabs may refresh with the same token at once: for this long the loser gets a pair
# of the same session too. Later, a used token is a stolen one.
REUSE_GRACE = timedelta(seconds=10)
MAX_TOKEN_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """Who holds a token, and until when."""

    actor: Actor
    expires_at: datetime


class TokenReused(Unauthorized):
    """A refresh token came a second time; its session is ended now."""

    detail = "This refresh token was used before: the session is ended."

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


@dataclass(frozen=True, slots=True)
class Pair:
    access: str = field(repr=False)
    refresh: str = field(repr=False)


class _Keys(TokenBackend):
    """Signs with the current key; tokens of a previous key are still good."""

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
    return _Keys(current, _Keys(previous, None) if previous else None)


class _HubbubToken(Token):
    def get_token_backend(self) -> TokenBackend:
        return _keys(settings.JWT_SIGNING_KEY, settings.JWT_PREVIOUS_KEY)

    def set_jti(self) -> None:
        # 128 random bits; a UUID has 122: OWASP ASVS 5.0, 11.5.1.
        self["jti"] = secrets.token_urlsafe(16)


class _Access(_HubbubToken):
    token_type = "access"
    lifetime = api_settings.ACCESS_TOKEN_LIFETIME


class _Refresh(_HubbubToken):
    token_type = "refresh"
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


class _Ticket(_HubbubToken):
    token_type = "ticket"
    lifetime = TICKET_LIFETIME


def start_session(user: User, *, user_agent: str = "") -> Pair:
    """Begin a session on one device and issue its first pair."""
    session = Session.objects.create(user=user, user_agent=user_agent[:200])
    record_committed(Event.SESSION_STARTED, user=user.pk, session=session.pk)
    return _issue_pair(user, session)


def rotate(raw: str) -> Pair:
    """Exchange a refresh token for a new pair.

    Raises Unauthorized or TokenExpired, and TokenReused when it ended the session.

    The session's row is locked, so two tabs that refresh at once are served in turn.
    A token used again after REUSE_GRACE ends the session: somebody copied it. A session
    that is older than SESSION_DAYS gets no pair.
    """
    claims = _parse(_Refresh, raw)
    with transaction.atomic():
        session = _live_session(claims, lock=True)
        if not _was_stolen(claims):
            _use_up(claims)
            session.last_used_at = timezone.now()
            session.save(update_fields=["last_used_at"])
            _record(Event.TOKEN_REFRESHED, session)
            return _issue_pair(session.user, session)
        _record(Event.TOKEN_REUSED, session)
        _end(session)
    # Raised outside the transaction, so that the session's end is committed.
    raise TokenReused(session)


def verify_access(raw: str) -> Identity:
    """Whose access token this is, now. Raises Unauthorized or TokenExpired."""
    claims = _parse(_Access, raw)
    return _identity(claims, expires_at=_time(claims, "exp"))


def issue_ticket(identity: Identity) -> str:
    """A token for one socket, for a browser to put into its URL.

    The socket lives as long as the access token that bought it.
    """
    ticket = _new(_Ticket, identity.actor.user, identity.actor.session_id)
    ticket["access_exp"] = int(identity.expires_at.timestamp())
    return str(ticket)


def redeem_ticket(raw: str) -> Identity:
    """Whose ticket this is; the second call with the same ticket is refused.

    The row is inserted in the database, not in a cache: a flushed cache must not make
    a used ticket good again. Raises Unauthorized or TokenExpired.
    """
    claims = _parse(_Ticket, raw)
    identity = _identity(claims, expires_at=_time(claims, "access_exp"))
    try:
        with transaction.atomic():
            RedeemedTicket.objects.create(
                jti=claims["jti"], expires_at=_time(claims, "exp")
            )
    except IntegrityError:
        actor = identity.actor
        record(Event.TICKET_REFUSED, user=actor.id, session=actor.session_id)
        raise Unauthorized("This ticket was used before: ask for another.") from None
    return identity


def revoke(user: User, session_id: UUID) -> bool:
    """End one session of this person. False when there is no such open session."""
    session = Session.objects.filter(pk=session_id, user=user, ended_at=None).first()
    if session is None:
        return False
    _end(session)
    return True


def revoke_all(user: User) -> None:
    """Refuse every token of this person issued until now, and end all sessions."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    user.refresh_from_db(fields=["token_version"])
    user.sessions.filter(ended_at=None).update(ended_at=timezone.now())
    record_committed(Event.SESSIONS_ENDED, user=user.pk)


def forget_expired() -> None:
    """Delete what is kept of tokens that no longer matter. Safe to run at any time.

    Sessions that are too old are marked as ended, for all that looks no further.
    """
    now = timezone.now()
    old = Session.objects.filter(ended_at=None, created_at__lte=now - _longest())
    old.update(ended_at=now)
    # The leeway's double: a ticket may be redeemed a moment after its expiry.
    margin = timedelta(seconds=2 * api_settings.LEEWAY)
    RedeemedTicket.objects.filter(expires_at__lt=now - margin).delete()
    OutstandingToken.objects.filter(expires_at__lt=now - margin).delete()


def _parse(kind: type[_HubbubToken], raw: str) -> _HubbubToken:
    """The token's claims: signature, times, issuer, audience and type are checked."""
    if not raw or len(raw) > MAX_TOKEN_LENGTH:
        raise Unauthorized
    try:
        return kind(raw)  # type: ignore[arg-type]  # simplejwt annotates it wrongly
    except ExpiredTokenError:
        raise TokenExpired from None
    except (TokenError, ValueError, OverflowError):
        raise Unauthorized from None


def _identity(claims: Token, *, expires_at: datetime) -> Identity:
    session = _live_session(claims)
    return Identity(from_session(session.user, session.pk), expires_at)


def _live_session(claims: Token, *, lock: bool = False) -> Session:
    """The session the token belongs to, while it and its person are still good."""
    sessions = Session.objects.select_related("user").filter(ended_at=None)
    if lock:
        sessions = sessions.select_for_update(of=("self",))
    try:
        session = sessions.get(pk=UUID(claims["sid"]), user_id=UUID(claims["sub"]))
    except (Session.DoesNotExist, KeyError, ValueError, AttributeError, TypeError):
        raise Unauthorized from None
    user = session.user
    if not user.is_admitted or claims.get("ver") != user.token_version:
        raise Unauthorized
    if _end_of(session) <= timezone.now():
        raise Unauthorized
    return session


def _longest() -> timedelta:
    return timedelta(days=settings.SESSION_DAYS)


def _end_of(session: Session) -> datetime:
    """Refreshing does not move it: so long is a copied token good at most."""
    return session.created_at + _longest()


def _new(kind: type[_HubbubToken], user: User, session_id: UUID | None) -> _HubbubToken:
    token = kind()
    token["sub"] = str(user.pk)
    token["sid"] = str(session_id)
    token["ver"] = user.token_version
    return token


def _issue_pair(user: User, session: Session) -> Pair:
    access = _new(_Access, user, session.pk)
    refresh = _new(_Refresh, user, session.pk)
    for token in (access, refresh):
        token["exp"] = min(token["exp"], int(_end_of(session).timestamp()))
    OutstandingToken.objects.create(
        user=user,
        jti=refresh["jti"],
        # simplejwt would store the token itself: whoever reads the table could log in.
        token="",
        created_at=refresh.current_time,
        expires_at=_time(refresh, "exp"),
    )
    return Pair(str(access), str(refresh))


def _was_stolen(claims: Token) -> bool:
    used = BlacklistedToken.objects.filter(token__jti=claims["jti"]).first()
    return used is not None and timezone.now() - used.blacklisted_at > REUSE_GRACE


def _use_up(claims: Token) -> None:
    outstanding = OutstandingToken.objects.filter(jti=claims["jti"]).first()
    if outstanding is None:
        raise Unauthorized
    BlacklistedToken.objects.get_or_create(token=outstanding)


def _end(session: Session) -> None:
    session.ended_at = timezone.now()
    session.save(update_fields=["ended_at"])
    _record(Event.SESSION_ENDED, session)


def _record(event: Event, session: Session) -> None:
    record_committed(event, user=session.user_id, session=session.pk)


def _time(claims: Token, claim: str) -> datetime:
    try:
        return datetime.fromtimestamp(claims[claim], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Unauthorized from None
