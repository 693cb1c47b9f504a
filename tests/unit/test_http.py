"""HTTP's way from the server into Django."""

from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler

from backend.http import Handler


async def hops(handler: ASGIHandler, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often one request goes from the event loop into a thread."""
    count = 0
    real: Any = SyncToAsync.thread_handler

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return real(*args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "thread_handler", counting)
    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": headers}
    communicator: Any = ApplicationCommunicator
    client = communicator(handler, scope)
    await client.send_input({"type": "http.request", "body": b""})
    assert (await client.receive_output(5))["status"] == 200
    assert (await client.receive_output(5))["body"] == b'{"status": "ok"}'
    await client.wait(5)
    return count


async def test_a_request_runs_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await hops(Handler(), monkeypatch) <= 4


async def test_djangos_own_handler_goes_to_and_fro(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When this fails, Django has become better and backend/http.py may go."""
    assert await hops(ASGIHandler(), monkeypatch) > 10
