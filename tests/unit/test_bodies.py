"""How much of a body the application gets to see, and for how long it waits."""

import asyncio
import json
from typing import Any

import pytest
from pytest_django import Settings

from backend import bodies
from backend.bodies import BodyLimit
from chat.limits import LIMITS

UPLOADS = [
    "/api/v1/rooms/x/attachments",
    "/api/v1/rooms/x/avatar",
    "/api/v1/me/avatar",
]


class Request:
    """Chunks that come one after the other, and what was answered."""

    def __init__(self, path: str, chunks: list[bytes], pause: float = 0) -> None:
        self.scope: dict[str, Any] = {"type": "http", "path": path, "headers": []}
        self.chunks = chunks
        self.pause = pause
        self.sent: list[Any] = []
        self.seen = 0
        self.is_aborted = False

    async def receive(self) -> Any:
        await asyncio.sleep(self.pause)
        if not self.chunks:
            return {"type": "http.disconnect"}
        body = self.chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.chunks)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            self.seen += len(message["body"])
            if not message["more_body"]:
                return
        self.is_aborted = True

    async def run(self) -> tuple[int, str] | None:
        await BodyLimit(self.application)(self.scope, self.receive, self.send)
        if not self.sent:
            return None
        start, body = self.sent
        return start["status"], json.loads(body["body"])["code"]


async def test_a_body_at_the_limit_passes() -> None:
    request = Request("/api/v1/rooms", [b"x" * LIMITS.request_bytes])
    assert await request.run() is None
    assert request.seen == LIMITS.request_bytes


@pytest.mark.parametrize("path", ["/api/v1/rooms", "/admin/login/", "/api/v1/me"])
async def test_one_byte_more_is_cut_off(path: str) -> None:
    request = Request(path, [b"x" * LIMITS.request_bytes, b"x", b"x" * 1_000_000])
    assert await request.run() == (413, "too_long")
    assert request.is_aborted
    assert request.seen == LIMITS.request_bytes


@pytest.mark.parametrize("path", UPLOADS)
async def test_uploads_have_more_room_and_an_end_too(path: str) -> None:
    request = Request(path, [b"x" * LIMITS.attachment_bytes])
    assert await request.run() is None
    most = LIMITS.attachment_bytes + bodies.UPLOAD_MARGIN
    assert await Request(path, [b"x" * most, b"x"]).run() == (413, "too_long")


async def test_a_declared_length_is_refused_unread() -> None:
    request = Request("/api/v1/rooms", [b"x"])
    request.scope["headers"] = [(b"content-length", b"65537")]
    assert await request.run() == (413, "too_long")
    assert request.chunks == [b"x"]


async def test_a_slow_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the time for all of it: a byte now and then does not help."""
    monkeypatch.setattr(bodies, "SECONDS", 0.1)
    request = Request("/api/v1/rooms", [b"x"] * 100, pause=0.03)
    assert await request.run() == (408, "request_timeout")
    assert request.is_aborted
    assert 0 < request.seen < 5


async def test_after_the_body_nothing_is_hurried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Django listens for a disconnect as long as a view works."""
    monkeypatch.setattr(bodies, "SECONDS", 0.05)
    request = Request("/api/v1/rooms", [b"x"])

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == b"x"
        request.pause = 0.2
        assert (await receive())["type"] == "http.disconnect"

    await BodyLimit(slow)(request.scope, request.receive, request.send)
    assert request.sent == []


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (b"https://app.example.com", b"https://app.example.com"),
        (b"https://evil.example.com", None),
        (b"null", None),
    ],
)
async def test_the_page_may_read_that_it_was_too_much(
    origin: bytes, allowed: bytes | None, settings: Settings
) -> None:
    """Nothing of Django's answers here, and nothing else says whose page it was."""
    settings.ALLOWED_ORIGINS = ["https://app.example.com"]
    request = Request("/api/v1/rooms", [b"x" * LIMITS.request_bytes, b"x"])
    request.scope["headers"] = [(b"origin", origin)]
    assert await request.run() == (413, "too_long")
    headers = dict(request.sent[0]["headers"])
    assert headers.get(b"access-control-allow-origin") == allowed
    assert headers[b"vary"] == b"origin"
    assert headers[b"x-content-type-options"] == b"nosniff"
