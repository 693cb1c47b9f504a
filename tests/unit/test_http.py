"""HTTP's way from the server into Django."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from pytest_django import Settings

from backend import downloads, turns
from backend.http import Handler
from backend.turns import THREADS_PER_NETWORK, Turns
from core.threads import REQUEST_THREADS


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.RATE_LIMITS = True


def asked_of(address: str, path: str = "/a", **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"host", b"localhost")],
        "client": (address, 1),
        **more,
    }


def asked(
    handler: ASGIHandler, path: str = "/a", *, address: str = "192.0.2.1", **more: Any
) -> Any:
    """A request, sent."""
    communicator: Any = ApplicationCommunicator
    client = communicator(handler, asked_of(address, path, **more))
    client.input_queue.put_nowait({"type": "http.request", "body": b""})
    return client


async def status(client: Any) -> int:
    start = await client.receive_output(5)
    assert start["type"] == "http.response.start"
    while (await client.receive_output(5)).get("more_body"):
        pass
    await client.wait(5)
    found: int = start["status"]
    return found


def answering(answer: Callable[[], HttpResponseBase]) -> Handler:
    class Answering(Handler):
        def get_response(self, request: HttpRequest) -> HttpResponseBase:
            return answer()

    return Answering(Turns())


async def hops(handler: ASGIHandler, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often one request goes from the event loop into a thread in Django's way."""
    count = 0
    real: Any = SyncToAsync.thread_handler

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return real(*args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "thread_handler", counting)
    assert await status(asked(handler, "/api/v1/limits")) == 200
    return count


async def test_a_request_runs_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await hops(Handler(Turns()), monkeypatch) == 0


async def test_djangos_own_handler_goes_to_and_fro(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When this fails, Django has become better and backend/http.py may go."""
    assert await hops(ASGIHandler(), monkeypatch) > 10


class Slow:
    """A view that answers when `go_on` is set."""

    def __init__(self) -> None:
        self.running = 0
        self.go_on = Event()

    def __call__(self) -> HttpResponse:
        self.running += 1
        self.go_on.wait(10)
        return HttpResponse()


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.go_on.set()


async def test_a_network_has_some_of_the_threads_and_no_more(slow: Slow) -> None:
    handler = answering(slow)
    greedy = [asked(handler) for _ in range(THREADS_PER_NETWORK + 3)]
    other = asked(handler, address="192.0.2.2")
    answers = asyncio.gather(*[status(client) for client in [*greedy, other]])
    await asyncio.sleep(0.3)
    assert slow.running == THREADS_PER_NETWORK + 1
    slow.go_on.set()
    assert await answers == [200] * 6


async def test_who_waits_too_long_is_told_to_come_again(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.2)
    handler = answering(slow)
    clients = [asked(handler) for _ in range(THREADS_PER_NETWORK)]
    answers = asyncio.gather(*[status(client) for client in clients])
    await asyncio.sleep(0.1)
    assert await status(asked(handler)) == 503
    assert slow.running == THREADS_PER_NETWORK
    slow.go_on.set()
    assert await answers == [200] * THREADS_PER_NETWORK
    assert await status(asked(handler)) == 200


async def test_the_process_is_alive_when_all_threads_wait(slow: Slow) -> None:
    """As they do for the database when that is gone."""

    class Some(Handler):
        def get_response(self, request: HttpRequest) -> HttpResponseBase:
            return slow() if request.path == "/a" else super().get_response(request)

    handler = Some(Turns())
    networks = [f"192.0.2.{n}" for n in range(REQUEST_THREADS)]
    clients = [asked(handler, address=network) for network in networks]
    answers = asyncio.gather(*[status(client) for client in clients])
    await asyncio.sleep(0.3)
    assert slow.running == REQUEST_THREADS
    assert await status(asked(handler, "/healthz")) == 200
    slow.go_on.set()
    assert await answers == [200] * REQUEST_THREADS


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


async def test_a_large_body_is_on_the_disk() -> None:
    """64 KiB are what a stranger may send, and all that is kept in memory."""
    handler = Handler(Turns())
    for size, is_on_disk in ((65_536, False), (65_537, True)):
        message = {"type": "http.request", "body": bytes(size)}

        async def receive(message: Any = message) -> Any:
            return message

        with await handler.read_body(receive) as body:
            assert body._rolled is is_on_disk
            assert len(body.read()) == size


async def broken() -> AsyncIterator[bytes]:
    yield b"so far"
    raise OSError("the disk is gone")


async def test_a_stream_that_breaks_says_so_to_the_server() -> None:
    """What is sent so far must not look like the whole."""
    client = asked(answering(lambda: StreamingHttpResponse(broken())))
    with pytest.raises(OSError, match="the disk"):
        await status(client)


async def test_a_client_that_leaves_before_it_has_asked_is_nobody() -> None:
    client = asked(answering(HttpResponse))
    client.input_queue.get_nowait()
    await client.send_input({"type": "http.disconnect"})
    await client.wait(5)
    assert client.output_queue.empty()
