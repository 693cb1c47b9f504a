"""The table of commands, and the way from a command to its one answer.

A handler answers exactly once, with `connection.reply`, and returns that reply: its
return type says in asyncapi.yaml what the command is answered with. A handler that
refuses raises instead, and `handle` writes the error.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from core import limits, metrics
from core.db_timeouts import as_unavailable
from core.errors import Internal, Refusal, Timeout, TokenExpired

from ..delivery.connection import Connection
from ..protocol import commands, frames
from ..protocol.commands import Asking, type_of
from . import auth, direct, liveness, memberships, messages, reactions, reads, rooms
from .refusals import log_refusal

logger = logging.getLogger(__name__)

# Longer than a statement may take, so that a client learns which of the two ran out.
HANDLER_SECONDS = 6

Handler = Callable[[Connection, Any], Awaitable[msgspec.Struct]]

HANDLERS: dict[type[Asking], Handler] = {
    commands.Subscribe: rooms.subscribe,
    commands.Unsubscribe: rooms.unsubscribe,
    commands.RoomJoin: memberships.join,
    commands.RoomLeave: memberships.leave,
    commands.MessageSend: messages.send,
    commands.DirectSend: direct.send,
    commands.MessageEdit: messages.edit,
    commands.MessageDelete: messages.delete,
    commands.ReactionAdd: reactions.add,
    commands.ReactionRemove: reactions.remove,
    commands.History: messages.history,
    commands.ReadMark: reads.mark,
    commands.AuthRefresh: auth.refresh,
    commands.Ping: liveness.ping,
}
# These are served during the grace after a token's end, too.
_ALWAYS = (commands.AuthRefresh, commands.Ping)


async def handle(connection: Connection, command: Asking) -> None:
    """Run one command. Whatever happens, the client gets one answer and no 1011."""
    refusal = await _refusal(connection, command)
    metrics.commands.labels(type_of(command), refusal.code if refusal else "ok").inc()
    if refusal is not None:
        log_refusal(connection, command, refusal)
        connection.write(frames.error(command.ref, refusal), always=True)


async def _refusal(connection: Connection, command: Asking) -> Refusal | None:
    """Run the command; None when its handler replied."""
    try:
        if connection.grace.has_ended() and not isinstance(command, _ALWAYS):
            raise TokenExpired
        async with asyncio.timeout(HANDLER_SECONDS):
            await limits.commands.take_soon(connection.actor.id)
            await HANDLERS[type(command)](connection, command)
    except Refusal as refusal:
        return refusal
    except TimeoutError:
        return Timeout()
    except Exception as error:
        if unavailable := as_unavailable(error):
            return unavailable
        incident = secrets.token_hex(4)
        logger.exception("incident %s", incident)
        said = f"Something went wrong. Tell the operator: incident {incident}."
        return Internal(said)
    return None
