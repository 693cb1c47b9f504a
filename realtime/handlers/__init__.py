"""From a command to its handler, and from what it raised to an error reply.

A handler answers by itself, exactly once, with `connection.write`.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from core import limits, metrics
from core.db_timeouts import as_unavailable
from core.errors import (
    Internal,
    Refusal,
    Timeout,
    TokenExpired,
)

from ..delivery.connection import Connection
from ..protocol import commands, frames
from ..protocol.commands import Asking, type_of
from . import auth, direct, liveness, memberships, messages, reactions, reads, rooms
from .refusals import log_refusal

logger = logging.getLogger(__name__)

# Longer than a statement may take, so that the client is told which of the two it was.
HANDLER_SECONDS = 6

Handler = Callable[[Connection, Any], Awaitable[None]]

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
# What is served when the token has ended too.
_ALWAYS = (commands.AuthRefresh, commands.Ping)


async def handle(connection: Connection, command: Asking) -> None:
    """Run one command. Whatever happens, the client gets one answer and no 1011."""
    refusal = await _refusal(connection, command)
    metrics.commands.labels(type_of(command), refusal.code if refusal else "ok").inc()
    if refusal is not None:
        log_refusal(connection, command, refusal)
        connection.write(frames.error(command.ref, refusal), always=True)


async def _refusal(connection: Connection, command: Asking) -> Refusal | None:
    """None when the command did what it says, and answered."""
    try:
        if connection.lease.has_ended() and not isinstance(command, _ALWAYS):
            raise TokenExpired
        async with asyncio.timeout(HANDLER_SECONDS):
            await limits.commands.take_soon(connection.actor.id)
            await HANDLERS[type(command)](connection, command)
    except Refusal as refusal:
        return refusal
    except Exception as error:
        return _as_refusal(error)
    return None


def _as_refusal(error: Exception) -> Refusal:
    if isinstance(error, TimeoutError):
        return Timeout()
    if unavailable := as_unavailable(error):
        return unavailable
    incident = secrets.token_hex(4)
    logger.error("incident %s", incident, exc_info=error)
    return Internal(f"Something went wrong. Tell the operator: incident {incident}.")
