"""Requests as an ASGI server would hand them to the handler."""

from collections.abc import Callable
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.core.handlers.asgi import ASGIHandler
from django.http import (
    HttpRequest,
)
from django.http.response import HttpResponseBase

from backend.http import Handler
from backend.turns import Turns


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
    handler: ASGIHandler,
    path: str = "/a",
    *,
    address: str = "192.0.2.1",
    body: bytes = b"",
    **more: Any,
) -> Any:
    """A request, sent."""
    communicator: Any = ApplicationCommunicator
    client = communicator(handler, asked_of(address, path, **more))
    client.input_queue.put_nowait({"type": "http.request", "body": body})
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
