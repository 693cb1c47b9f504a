"""Takes the token out of the handshake and has it checked.

The token leaves the scope at once, so that nothing later can log it.
"""

import logging
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import DatabaseError

from accounts import tokens
from accounts.identities import Identity, TicketReused
from accounts.token_kinds import Access, Ticket
from accounts.tokens import Presented
from core.audit import Event, record
from core.errors import Refusal, Unauthorized, Unavailable

from ..grouping import Grouped
from .admission import admitted

logger = logging.getLogger(__name__)

SUBPROTOCOL = "hubbub.v1"
_CARRIER = "hubbub.token."
_bearer = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Carried:
    """A token, and whether it came in the query string."""

    token: str = field(repr=False)
    in_query: bool


class TokenMiddleware:
    """Puts an Identity, or the Refusal to answer with, into `scope["identity"]`.

    The tokens of sockets that arrive together are checked together.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self._admitting = Grouped("admit", tokens.admit)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        carried = take_tokens(scope)
        async with admitted(scope) as refusal:
            identity = refusal or await self._identify(carried)
            await self.inner({**scope, "identity": identity}, receive, send)

    async def _identify(self, carried: list[Carried]) -> Identity | Refusal:
        try:
            return await self._admitting.ask(_presented(carried))
        except Refusal as refused:
            if isinstance(refused, TicketReused):
                whose = refused.actor
                record(Event.TICKET_REFUSED, user=whose.id, session=whose.session_id)
            return refused
        except DatabaseError as error:
            logger.warning("database: %s", type(error).__name__)
            return Unavailable()


def _presented(carried: list[Carried]) -> Presented:
    """The one token. Raises Unauthorized when there is none, or more than one."""
    if len(carried) != 1:
        raise Unauthorized("Send one token, in one place.")
    [only] = carried
    is_in_url = only.in_query and settings.WS_REQUIRE_TICKET
    return Presented(only.token, (Ticket,) if is_in_url else (Access, Ticket))


def take_tokens(scope: Any) -> list[Carried]:
    """Remove all tokens from the scope and return them.

    The scope is changed in place, because the server logs from the same dict.
    """
    return [*_from_query(scope), *_from_headers(scope), *_from_subprotocols(scope)]


def _from_query(scope: Any) -> list[Carried]:
    try:
        pairs = parse_qsl(scope["query_string"].decode("ascii"), max_num_fields=8)
    except ValueError:
        pairs = []
    rest = [(name, value) for name, value in pairs if name != "token"]
    scope["query_string"] = urlencode(rest).encode()
    return [Carried(value, in_query=True) for name, value in pairs if name == "token"]


def _from_headers(scope: Any) -> list[Carried]:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    hidden = {b"authorization", b"sec-websocket-protocol"}
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in hidden]
    matches = [_bearer.fullmatch(value.decode("latin-1")) for value in values]
    return [Carried(match[1] if match else "", in_query=False) for match in matches]


def _from_subprotocols(scope: Any) -> list[Carried]:
    offered: list[str] = scope.get("subprotocols") or []
    carrying = [name for name in offered if name.startswith(_CARRIER)]
    scope["subprotocols"] = [name for name in offered if name not in carrying]
    return [Carried(name.removeprefix(_CARRIER), in_query=False) for name in carrying]
