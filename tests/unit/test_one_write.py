"""Frames that belong together leave in one write, and keep their order."""

import asyncio
from typing import Any, cast

import pytest

from accounts import tokens
from realtime.protocol.close_codes import CloseCode

from .one_connection import connected, heard_in, numbered

pytestmark = pytest.mark.django_db(transaction=True)


class Counted:
    """A transport that counts the writes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.writes: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self._transport.write(data)


async def test_the_event_and_the_reply_of_a_command_leave_in_one_write(
    identity: tokens.Identity,
) -> None:
    async with connected(identity) as (reader, connection):
        transport = Counted(cast(asyncio.Transport, connection._outbox._transport))
        connection._outbox._transport = cast(asyncio.Transport, transport)
        connection.is_asking = True
        connection.write(numbered(1, 10))
        # The reply comes when the command's task runs next.
        await asyncio.sleep(0)
        connection.write(numbered(2, 10))
        connection.is_asking = False
        connection.write(numbered(3, 10))
        heard = heard_in(await reader.readexactly(3 * len(numbered(1, 10).wire)))
    assert [frame["number"] for frame in heard] == [1, 2, 3]
    assert len(transport.writes) == 1


async def test_what_waits_for_company_leaves_before_the_bye(
    identity: tokens.Identity,
) -> None:
    async with connected(identity) as (reader, connection):
        connection.write(numbered(1, 10), volatile=True)
        connection.close(CloseCode.SHUTTING_DOWN)
        heard = heard_in(await reader.read())
    assert [frame["type"] for frame in heard] == ["numbered", "bye", "close"]
