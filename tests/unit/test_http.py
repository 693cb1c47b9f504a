"""HTTP's way from the server into Django."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from threading import Event
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from backend import http
from backend.http import THREADS_PER_NETWORK, Handler
from realtime.database import REQUEST_THREADS


def asked(handler: ASGIHandler, path: str = "/a", *, address: str = "192.0.2.1") -> Any:
    """A request, sent."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(b"host", b"localhost")],
        "client": (address, 1),
    }
    communicator: Any = ApplicationCommunicator
    client = communicator(handler, scope)
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

    return Answering()


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
    assert await hops(Handler(), monkeypatch) == 0


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
    monkeypatch.setattr(http, "WAIT_SECONDS", 0.2)
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

    handler = Some()
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
