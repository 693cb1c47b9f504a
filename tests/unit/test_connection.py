"""One connection with a transport of the test's own."""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest

from accounts import tokens
from accounts.models import User
from realtime.delivery.connection import Connection
from realtime.protocol.close_codes import CloseCode
from realtime.protocol.prepared import PreparedFrame

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_slow", [False, True])
async def test_a_frame_that_cannot_be_sent_closes_the_socket(
    alice: User, is_slow: bool
) -> None:
    """A client whose reply was lost would wait for ever; a closed one comes back.

    daphne refuses messages above a size, so a long resume may be lost."""
    sent: list[Any] = []
    cuts: list[None] = []

    async def send(message: Any) -> None:
        if is_slow:
            await asyncio.sleep(0)
        if message.get("text") == "too big":
            raise ValueError
        sent.append(message)

    identity = await asyncio.to_thread(_identity, alice)
    connection = Connection(identity, send, cut=lambda: cuts.append(None))
    connection.write(PreparedFrame(b"too big"))
    connection.write(PreparedFrame(b"after it"))
    await asyncio.sleep(0.1)
    assert connection.closed_with is CloseCode.INTERNAL
    assert [json.loads(frame["text"])["type"] for frame in sent[:-1]] == ["bye"]
    assert sent[-1] == {"type": "websocket.close", "code": 4006}


async def test_a_socket_that_is_gone_needs_no_garbage_collector(alice: User) -> None:
    """Full collections are rare, and a crowd that comes and goes would fill memory."""

    async def send(message: Any) -> None:
        await asyncio.sleep(0)

    identity = await asyncio.to_thread(_identity, alice)
    connection = Connection(identity, send, cut=lambda: None)
    connection.write(PreparedFrame(b"waits"))
    await asyncio.sleep(0.1)
    connection.abandon()
    held = weakref.ref(send)
    gc.disable()
    try:
        del connection, send
        assert held() is None
    finally:
        gc.enable()


def _identity(user: User) -> tokens.Identity:
    return tokens.verify_access(tokens.start_session(user).access)
