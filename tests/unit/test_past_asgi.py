"""Frames that uvicorn's transport takes as bytes, past ASGI."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from websockets.server import ServerProtocol

from accounts import tokens
from realtime.delivery.connection import Connection
from realtime.protocol.close_codes import CloseCode
from realtime.server import stalled_answers, uvicorn

from .one_connection import Chat, heard_in, numbered
from .raw_sockets import serving, upgraded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alone() -> Iterator[None]:
    """Without the garbage collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_a_reader_that_was_slow_gets_all_frames_in_order(
    identity: tokens.Identity,
) -> None:
    """Some go to the transport, others wait, and then the transport is free again."""
    chat = Chat(identity)
    async with serving(chat) as port:
        reader, writer = await upgraded(port)
        connection = await chat.opened.get()
        for number, size in enumerate([10] * 5 + [60_000] * 16 + [10] * 5):
            connection.write(numbered(number, size))
        draining = connection._outbox._draining
        assert draining is not None
        reading = asyncio.create_task(reader.read())
        await draining
        connection.write(numbered(26, 10))
        connection.close(CloseCode.SHUTTING_DOWN)
        chat.may_leave.set()
        heard = heard_in(await reading)
        writer.close()
    assert [frame["number"] for frame in heard if "number" in frame] == [*range(27)]
    assert [frame["type"] for frame in heard if "number" not in frame] == [
        *["ping"] * 8,
        "bye",
        "close",
    ]


async def test_a_frame_overtakes_none_of_those_that_wait(
    identity: tokens.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transport is free some moments before the waiting frames have left."""
    chat = Chat(identity)
    resumed = uvicorn.SocketProtocol.resume_writing
    numbers = count()

    def resume_writing(protocol: uvicorn.SocketProtocol) -> None:
        resumed(protocol)
        connection.write(numbered(next(numbers), 10))

    monkeypatch.setattr(uvicorn.SocketProtocol, "resume_writing", resume_writing)
    async with serving(chat) as port:
        reader, writer = await upgraded(port)
        connection = await chat.opened.get()
        for _ in range(16):
            connection.write(numbered(next(numbers), 60_000))
        reading = asyncio.create_task(reader.read())
        await asyncio.sleep(0.2)
        connection.close(CloseCode.SHUTTING_DOWN)
        chat.may_leave.set()
        heard = heard_in(await reading)
        writer.close()
    last = next(numbers)
    assert last > 16
    assert [frame["number"] for frame in heard if "number" in frame] == [*range(last)]


async def test_nothing_comes_after_the_close(
    identity: tokens.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = []
    monkeypatch.setattr(Connection, "_lost", lambda _, error: failures.append(error))
    chat = Chat(identity)
    async with serving(chat) as port:
        reader, writer = await upgraded(port)
        connection = await chat.opened.get()
        connection.close(CloseCode.SHUTTING_DOWN)
        connection.write(numbered(2, 10))
        await asyncio.sleep(0.05)
        connection.write(numbered(3, 10), volatile=True)
        await asyncio.sleep(0.05)
        assert failures == []
        connection.ping()
        chat.may_leave.set()
        assert (await reader.read()).endswith(b"\x88\x02" + (4000).to_bytes(2))
        writer.close()


async def test_a_connection_that_is_abandoned_writes_nothing(
    identity: tokens.Identity,
) -> None:
    chat = Chat(identity)
    async with serving(chat) as port:
        reader, writer = await upgraded(port)
        connection = await chat.opened.get()
        connection.abandon()
        connection.write(numbered(1, 10))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        writer.close()


async def test_a_frame_for_a_client_that_has_gone_raises_nothing(
    identity: tokens.Identity,
) -> None:
    """The hub may write before the socket's own task runs again."""
    chat = Chat(identity)
    async with serving(chat) as port:
        _, writer = await upgraded(port)
        connection = await chat.opened.get()
        writer.transport.abort()
        await chat.has_lost.wait()
        connection.write(numbered(1, 10))
        assert connection.closed_with is CloseCode.INTERNAL
        chat.may_leave.set()


async def test_sockets_that_are_gone_need_no_garbage_collector(
    identity: tokens.Identity, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what answered the handshake nor what served the frames stays."""
    monkeypatch.setattr(uvicorn, "ABORT_SECONDS", 0.05)
    chat = Chat(identity)
    chat.may_leave.set()
    async with serving(chat) as port:
        for _ in range(3):
            reader, writer = await upgraded(port)
            connection = await chat.opened.get()
            connection.write(numbered(1, 10))
            await reader.readexactly(12)
            assert _kept(stalled_answers.Protocol) == 0
            writer.close()
            del connection
        await asyncio.sleep(0.3)
        assert _kept(uvicorn.SocketProtocol) == 0
        assert _kept(Connection) == 0
        assert _kept(ServerProtocol) == 0


def _kept(kind: Callable[..., Any]) -> int:
    return sum(type(kept) is kind for kept in gc.get_objects())
