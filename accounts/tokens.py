"""Tokens: the only module that issues one, and the only way to have one checked.

There are three kinds (token_kinds.py). An access token (minutes) opens both doors. A
refresh token (weeks, replaced at each use) is exchanged for the next pair. A ticket
(30 s, once) opens one socket. The database keeps the ids of tokens, never a token;
simplejwt's blacklist tables remember which refresh tokens were used. identities.py asks
it for many tokens at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)

from core.audit import Event, record_committed
from core.errors import Unauthorized

from .identities import (
    Identity as Identity,
)
from .identities import (
    end_of,
    identities,
    locked_session,
    max_age,
)
from .models import RedeemedTicket, Session, User
from .token_kinds import (
    Access,
    Claims,
    HubbubToken,
    Refresh,
    Ticket,
    new_token,
    read_token,
    time_of,
)

# Two tabs may refresh with the same token at once. For this long the second one gets a
# pair of the same session too; after it, a used token counts as stolen.
REUSE_GRACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Pair:
    access: str = field(repr=False)
    refresh: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that came with a socket's handshake, and the kinds that may open it."""

    raw: str = field(repr=False)
    kinds: tuple[type[HubbubToken], ...]


class TokenReused(Unauthorized):
    """A refresh token came a second time; its session is ended now."""

    detail = "This refresh token was used before: the session is ended."

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


@transaction.atomic
def start_session(user: User, *, user_agent: str = "") -> Pair:
    """Begin a session on one device and issue its first pair."""
    session = Session.objects.create(user=user, user_agent=user_agent[:200])
    record_committed(Event.SESSION_STARTED, user=user.pk, session=session.pk)
    return _issue_pair(user, session)


def rotate(raw: str) -> Pair:
    """Exchange a refresh token for a new pair.

    The session's row is locked, so that two tabs that refresh at once are served in
    turn. A token that is used again after REUSE_GRACE ends the session, because
    somebody has copied it. A session older than SESSION_DAYS gets no pair.

    Raises Unauthorized or TokenExpired, and TokenReused when it ended the session.
    """
    claims = read_token(raw, Refresh)
    with transaction.atomic():
        session = locked_session(claims)
        if _use_up(claims):
            session.last_used_at = timezone.now()
            session.save(update_fields=["last_used_at"])
            _record(Event.TOKEN_REFRESHED, session)
            return _issue_pair(session.user, session)
        _record(Event.TOKEN_REUSED, session)
        _end(session)
    # Raised outside the transaction, so that the session's end is committed.
    raise TokenReused(session)


def verify_access(raw: str) -> Identity:
    """The identity behind an access token. Raises Unauthorized or TokenExpired."""
    [identity] = identities([read_token(raw, Access)])
    if isinstance(identity, Unauthorized):
        raise identity
    return identity


def admit(presented: Sequence[Presented]) -> list[Identity | Unauthorized]:
    """The identities behind the tokens of many sockets, or their refusals.

    A ticket is used up. A refusal is Unauthorized, TokenExpired or TicketReused.
    """
    read = [_read(one) for one in presented]
    found = iter(identities([one for one in read if isinstance(one, Claims)]))
    return [next(found) if isinstance(one, Claims) else one for one in read]


def issue_ticket(identity: Identity) -> str:
    """A token for one socket, for a browser to put into its URL.

    The socket lives as long as the access token that bought it.
    """
    ticket = new_token(Ticket, identity.actor.user, identity.actor.session_id)
    ticket["access_exp"] = int(identity.expires_at.timestamp())
    return str(ticket)


def revoke(user: User, session_id: UUID) -> bool:
    """End one session of this person. False when there is no such open session."""
    session = Session.objects.filter(pk=session_id, user=user, ended_at=None).first()
    if session is None:
        return False
    _end(session)
    return True


def revoke_all(user: User) -> None:
    """End all sessions of this person and refuse every token issued until now."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    user.refresh_from_db(fields=["token_version"])
    user.sessions.filter(ended_at=None).update(ended_at=timezone.now())
    record_committed(Event.SESSIONS_ENDED, user=user.pk)


def forget_expired() -> None:
    """Delete the rows of expired tokens. Safe to run at any time.

    Sessions that are too old are marked as ended, for the queries that look at
    `ended_at` alone.
    """
    now = timezone.now()
    old = Session.objects.filter(ended_at=None, created_at__lte=now - max_age())
    old.update(ended_at=now)
    # Twice the leeway, since a ticket may be redeemed a moment after its expiry.
    margin = timedelta(seconds=2 * api_settings.LEEWAY)
    RedeemedTicket.objects.filter(expires_at__lt=now - margin).delete()
    OutstandingToken.objects.filter(expires_at__lt=now - margin).delete()


def _read(presented: Presented) -> Claims | Unauthorized:
    try:
        return read_token(presented.raw, *presented.kinds)
    except Unauthorized as refusal:
        return refusal


def _issue_pair(user: User, session: Session) -> Pair:
    access = new_token(Access, user, session.pk)
    refresh = new_token(Refresh, user, session.pk)
    for token in (access, refresh):
        token["exp"] = min(token["exp"], int(end_of(session).timestamp()))
    OutstandingToken.objects.create(
        user=user,
        jti=refresh["jti"],
        # simplejwt would store the token itself, and with it the table's readers could
        # log in.
        token="",
        created_at=refresh.current_time,
        expires_at=time_of(refresh["exp"]),
    )
    return Pair(str(access), str(refresh))


def _use_up(claims: Claims) -> bool:
    """Mark a refresh token as used. False when it was used before REUSE_GRACE.

    Raises Unauthorized for a token that this database has not issued.
    """
    used = BlacklistedToken.objects.filter(token__jti=claims.jti).first()
    if used is not None:
        return timezone.now() - used.blacklisted_at <= REUSE_GRACE
    outstanding = OutstandingToken.objects.filter(jti=claims.jti).first()
    if outstanding is None:
        raise Unauthorized
    BlacklistedToken.objects.create(token=outstanding)
    return True


def _end(session: Session) -> None:
    session.ended_at = timezone.now()
    session.save(update_fields=["ended_at"])
    _record(Event.SESSION_ENDED, session)


def _record(event: Event, session: Session) -> None:
    record_committed(event, user=session.user_id, session=session.pk)
