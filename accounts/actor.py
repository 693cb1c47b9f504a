"""The actor: what a door makes of a token and hands to everything behind it.

Every action, query and access rule takes an Actor, never a person's row alone. A right
that the door could not establish is missing from the Actor, and is refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.errors import Forbidden

from .models import User


class Kind(StrEnum):
    """How an actor came in."""

    SESSION = "session"
    GUEST = "guest"
    BOT = "bot"
    SERVER_KEY = "server_key"
    # The chat itself, on behalf of a person: a job, a command or the admin site, which
    # have no session of ours. They check what they do before they make such an actor.
    SYSTEM = "system"


class Scope(StrEnum):
    """A right that a token may carry. The rules in chat/access/ ask for them."""

    READ = "messages:read"
    WRITE = "messages:write"
    ROOMS = "rooms:manage"
    ACCOUNT = "account"


_EVERYTHING = frozenset(Scope)
_READING = frozenset({Scope.READ})


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the session that they came with, and the scopes of its token."""

    user: User
    session_id: UUID | None
    scopes: frozenset[Scope]
    kind: Kind

    def __post_init__(self) -> None:
        if self.session_id is None and self.kind in {Kind.SESSION, Kind.GUEST}:
            raise ValueError("A person or a guest acts in a session.")

    @property
    def id(self) -> UUID:
        return self.user.pk

    @property
    def is_system(self) -> bool:
        return self.kind is Kind.SYSTEM

    def as_now(self, user: User) -> "Actor":
        """The same actor, with the person's row as it was just read."""
        return Actor(user, self.session_id, self.scopes, self.kind)


def from_session(user: User, session_id: UUID) -> Actor:
    """For the doors alone, which have checked a token of this session."""
    if user.is_guest:
        return Actor(user, session_id, _READING, Kind.GUEST)
    return Actor(user, session_id, _EVERYTHING, Kind.SESSION)


def system(user: User) -> Actor:
    """The chat itself, on behalf of this person; the caller has checked the rights."""
    return Actor(user, None, _READING if user.is_guest else _EVERYTHING, Kind.SYSTEM)


def has_account(actor: Actor) -> bool:
    """False for guests, who read what is open to them and see nobody else."""
    return not actor.user.is_guest


def check_account(actor: Actor) -> None:
    """For all but reading rooms and ending one's own sessions. Raises Forbidden."""
    if not has_account(actor):
        raise Forbidden("Guests only read.")


def check_scope(actor: Actor, scope: Scope) -> None:
    """Raises Forbidden when the actor's token does not have this scope."""
    if scope in actor.scopes:
        return
    check_account(actor)
    raise Forbidden(f"This token does not have the scope {scope}.")
