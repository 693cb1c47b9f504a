"""auth.refresh: the connection goes on with a new token of its session."""

from accounts import tokens
from accounts.tokens import Identity
from chat.events import encode
from core.errors import TokenExpired, Unauthorized
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.token_grace import Lease
from ..protocol import frames
from ..protocol.commands import AuthRefresh


async def refresh(connection: Connection, command: AuthRefresh) -> None:
    """What was kept since the old token ended comes after the reply, in its order."""
    identity = await in_database(tokens.verify_access, command.token)
    _check(connection, identity)
    kept = connection.lease.renew(identity.expires_at)
    expires_at = connection.lease.expires_at
    connection.write(encode(frames.TokenReply(command.ref, expires_at)))
    for text in kept:
        connection.write(text)


def _check(connection: Connection, identity: Identity) -> None:
    """A connection never becomes another person's, nor another session's.

    Logging out one device must find all of its connections.
    """
    if str(identity.actor.session_id) != connection.session_id:
        raise Unauthorized("This token is of another session: open a new connection.")
    # tokens.py forgives clocks that differ, but an ended token buys no time.
    if Lease(identity.expires_at).has_ended():
        raise TokenExpired
