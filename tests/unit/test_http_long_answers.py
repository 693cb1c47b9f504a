"""Long answers: in pieces, in time, and few at once of one network."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from django.http import (
    FileResponse,
    HttpResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from pytest_django import Settings

from backend import downloads

from .asgi_requests import answering, asked, asked_of, status


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.RATE_LIMITS = True


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"more"
        await asyncio.sleep(0)


async def test_a_stream_ends_when_its_client_is_gone() -> None:
    response = StreamingHttpResponse(endless())
    client = asked(answering(lambda: response))
    await client.receive_output(5)
    assert not response.closed
    await client.send_input({"type": "http.disconnect"})
    await client.wait(5)
    assert response.closed


async def test_a_stream_that_takes_too_long_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its client reads, but a byte now and then: that is no reason to keep a file."""
    monkeypatch.setattr(downloads, "START_SECONDS", 0.1)
    monkeypatch.setattr(downloads, "LEAST_BYTES_PER_SECOND", 10_000)
    response = StreamingHttpResponse(endless(), headers={"Content-Length": "2000"})
    handler = answering(lambda: response)
    cut = Event()
    client = asked(handler, extensions={"hubbub.cut": cut.set})
    began = time.monotonic()
    await client.wait(5)
    assert time.monotonic() - began >= 0.3
    assert cut.is_set()
    assert response.closed


@pytest.mark.parametrize(
    "long",
    [
        lambda: FileResponse(BytesIO(bytes(200_000))),
        lambda: HttpResponse(bytes(200_000)),
        lambda: StreamingHttpResponse(endless()),
    ],
)
async def test_a_network_reads_so_many_long_answers_at_once(
    long: Callable[[], HttpResponseBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads here, so that none of them ends."""
    monkeypatch.setattr(downloads, "AT_ONCE", 9)
    handler = answering(long)
    sending = asyncio.Semaphore(0)
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif statuses[-1] == 200:
            await sending.acquire()

    async def ask(address: str) -> None:
        first = [{"type": "http.request", "body": b""}]

        async def receive() -> Any:
            return first.pop() if first else await asyncio.Future()

        await handler(asked_of(address), receive, send)

    tasks = [asyncio.create_task(ask("192.0.2.1")) for _ in range(5)]
    await asyncio.sleep(0.2)
    tasks += [asyncio.create_task(ask("192.0.2.2"))]
    await asyncio.sleep(0.2)
    assert sorted(statuses) == [200, 200, 200, 200, 429, 429]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_file_is_read_piece_by_piece() -> None:
    """Django would read all of it before it sends any."""
    file = BytesIO(bytes(200_000))
    found = downloads.pieces(file)
    assert len(await anext(found)) == downloads.PIECE
    assert file.tell() == downloads.PIECE
    rest = [len(piece) async for piece in found]
    assert rest == [65_536, 65_536, 200_000 - 3 * 65_536]


async def broken() -> AsyncIterator[bytes]:
    yield b"so far"
    raise OSError("the disk is gone")


async def test_a_stream_that_breaks_raises_so_that_the_server_cuts_it() -> None:
    """The part that was sent must not look like the whole."""
    client = asked(answering(lambda: StreamingHttpResponse(broken())))
    with pytest.raises(OSError, match="the disk"):
        await status(client)
