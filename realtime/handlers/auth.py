"""auth.refresh: the connection goes on with a new token of its session."""

from accounts import tokens
from core.errors import TokenExpired, Unauthorized
from core.threads import in_database

from ..delivery.connection import Connection
from ..delivery.token_grace import TokenGrace
from ..protocol.commands import AuthRefresh
from ..protocol.frames import TokenReply


async def refresh(connection: Connection, command: AuthRefresh) -> TokenReply:
    """Frames that were kept since the old token ended follow the reply, in order."""
    identity = await in_database(tokens.verify_access, command.token)
    # A connection never passes to another person or session: logging out one device
    # must find all of its connections.
    if str(identity.actor.session_id) != connection.session_id:
        raise Unauthorized("This token is of another session: open a new connection.")
    # tokens.py allows for clocks that differ, but an ended token buys no time.
    if TokenGrace(identity.expires_at).has_ended():
        raise TokenExpired
    kept = connection.grace.renew(identity.expires_at)
    reply = connection.reply(TokenReply(command.ref, connection.grace.expires_at))
    for frame in kept:
        connection.write(frame)
    return reply
