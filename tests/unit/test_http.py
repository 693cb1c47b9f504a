"""HTTP's way from the server into Django."""

import asyncio
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.core.handlers.asgi import ASGIHandler
from django.http import (
    HttpRequest,
    HttpResponse,
)
from django.http.response import HttpResponseBase
from pytest_django import Settings

from backend import turns
from backend.http import Handler
from backend.turns import THREADS_PER_NETWORK, Turns
from core.threads import REQUEST_THREADS

from .asgi_requests import answering, asked, status


@pytest.fixture(autouse=True)
def _limited(settings: Settings) -> None:
    settings.RATE_LIMITS = True


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


async def test_a_request_runs_in_one_thread_without_a_hop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await hops(Handler(Turns()), monkeypatch) == 0


async def test_djangos_own_handler_hops_between_threads(
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


async def test_a_request_whose_turn_does_not_come_is_told_to_come_again(
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


async def test_a_client_that_leaves_before_its_request_is_whole_gets_no_answer() -> (
    None
):
    client = asked(answering(HttpResponse))
    client.input_queue.get_nowait()
    await client.send_input({"type": "http.disconnect"})
    await client.wait(5)
    assert client.output_queue.empty()


async def test_the_files_of_a_request_are_closed_when_it_is_answered() -> None:
    received: list[Any] = []

    class Receiving(Handler):
        def get_response(self, request: HttpRequest) -> HttpResponseBase:
            received.append(request.FILES["file"])
            return HttpResponse()

    kind = b"multipart/form-data; boundary=x"
    headers = [(b"host", b"localhost"), (b"content-type", kind)]
    disposition = b'Content-Disposition: form-data; name="file"; filename="a"'
    body = b"--x\r\n" + disposition + b"\r\n\r\nhello\r\n--x--\r\n"
    length = (b"content-length", str(len(body)).encode())
    client = asked(
        Receiving(Turns()), method="POST", headers=[*headers, length], body=body
    )
    assert await status(client) == 200
    [file] = received
    assert file.closed
