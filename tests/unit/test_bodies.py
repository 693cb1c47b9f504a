"""How much of a body the application gets to see, and for how long it waits."""

import asyncio
import json
from threading import Event
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tokens import start_session
from backend import bodies, refusals, uploads
from backend.bodies import BodyLimit
from backend.turns import Turns
from core.limits.table import LIMITS
from tests.api.door import Door

UPLOADS = [
    "/api/v1/rooms/x/attachments",
    "/api/v1/rooms/x/avatar",
    "/api/v1/me/avatar",
]


@pytest.fixture(autouse=True)
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(refusals, "LINGER_SECONDS", 0)


class Request:
    """Chunks that come one after the other, and what was answered."""

    def __init__(
        self, path: str, chunks: list[bytes], pause: float = 0, token: str = ""
    ) -> None:
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(b"authorization", f"Bearer {token}".encode())] * bool(token),
            "client": ("192.0.2.1", 1),
        }
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
        limited = BodyLimit(self.application, Turns())
        await limited(self.scope, self.receive, self.send)
        if not self.sent:
            return None
        start, body, _ = self.sent
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


@pytest.fixture
def token(transactional_db: None) -> str:
    """Of a session that the thread which checks it can see."""
    return start_session(User.objects.create_user("alice")).access


@pytest.mark.parametrize("path", UPLOADS)
async def test_uploads_have_more_room_and_an_end_too(path: str, token: str) -> None:
    chunks = [b"x" * LIMITS.attachment_bytes]
    assert await Request(path, chunks, token=token).run() is None
    chunks = [b"x" * uploads.LARGEST, b"x"]
    assert await Request(path, chunks, token=token).run() == (413, "too_long")


@pytest.mark.parametrize("path", UPLOADS)
async def test_a_stranger_uploads_no_more_than_64_kib(path: str) -> None:
    """Without a token nothing asks the database."""
    request = Request(path, [b"x" * 65_536, b"x", b"x" * 1_000_000])
    assert await request.run() == (401, "unauthorized")
    assert request.is_aborted
    assert request.seen == 65_536
    assert request.chunks == [b"x" * 1_000_000]


@pytest.mark.parametrize("authorization", [None, b"Basic x", b"Bearer", b"Bearer x"])
async def test_a_strangers_declared_upload_is_refused_unread(
    authorization: bytes | None,
) -> None:
    request = Request(UPLOADS[0], [b"x"])
    request.scope["headers"] = [(b"content-length", b"65537")]
    if authorization is not None:
        request.scope["headers"] += [(b"authorization", authorization)]
    assert await request.run() == (401, "unauthorized")
    assert request.chunks == [b"x"]


async def test_a_small_upload_is_for_the_view_to_refuse() -> None:
    """As is everything else without a body: preflights have no token."""
    assert await Request(UPLOADS[0], [b"x" * 65_536]).run() is None


def test_a_stranger_is_answered_as_by_the_view(
    transactional_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    request = Request(UPLOADS[0], [b"x" * 65_537])
    asyncio.run(request.run())
    start, body, _ = request.sent
    viewed = Door().raw("POST", "rooms/x/attachments", b"", "multipart/form-data")
    assert start["status"] == viewed.status
    assert json.loads(body["body"]) == viewed.json()
    assert (b"www-authenticate", b"Bearer") in start["headers"]
    # The view's own refusal is the same line, which is logged once in ten seconds.
    [line] = [r.getMessage() for r in caplog.records if r.name == "core.audit"]
    assert "access.refused code=unauthorized method=POST" in line
    assert "route=api/v1/rooms/<str:room_id>/attachments" in line


async def test_bodies_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network gets a third. What it sends beyond is refused at once, not awaited."""
    monkeypatch.setattr(bodies, "MEMORY_BYTES", 3_000_000)
    go_on = asyncio.Event()
    request = Request("/api/v1/auth/login", [])
    limited = BodyLimit(request.application, Turns())

    async def receive() -> Any:
        await go_on.wait()
        return {"type": "http.disconnect"}

    def ask() -> asyncio.Task[Any]:
        scope = {**request.scope, "headers": [(b"content-length", b"50000")]}
        return asyncio.create_task(limited(scope, receive, request.send))

    asked = [ask() for _ in range(100)]
    await asyncio.sleep(0.1)
    held = 1_000_000 // bodies.REQUEST_BYTES
    assert sum(not task.done() for task in asked) == held
    statuses = [m["status"] for m in request.sent if "status" in m]
    assert statuses == [429] * (100 - held)
    go_on.set()
    await asyncio.gather(*asked)
    go_on.clear()
    again = ask()
    await asyncio.sleep(0.05)
    assert not again.done()
    go_on.set()
    await again


async def test_uploads_on_the_disk_are_bounded(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 6)
    request = Request(UPLOADS[0], [], token=token)
    request.scope["headers"] += [(b"content-length", b"1000000")]
    limited = BodyLimit(request.application, Turns())
    go_on = asyncio.Event()

    async def receive() -> Any:
        await go_on.wait()
        return {"type": "http.disconnect"}

    asked = [
        asyncio.create_task(limited(request.scope, receive, request.send))
        for _ in range(5)
    ]
    await asyncio.sleep(0.5)
    assert [m["status"] for m in request.sent if "status" in m] == [429] * 3
    go_on.set()
    await asyncio.gather(*asked)


async def test_uploads_that_wait_for_their_token_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvicorn has a part of each, while their network's threads are busy."""
    monkeypatch.setattr(bodies, "MEMORY_BYTES", 3_000_000)
    request, turns, go_on = Request(UPLOADS[0], []), Turns(), Event()
    request.scope["headers"] = [(b"content-length", b"1000000")]
    limited = BodyLimit(request.application, turns)
    network = request.scope["client"][0]
    busy = [asyncio.create_task(turns.run(network, go_on.wait, 10)) for _ in range(2)]
    asked = [
        asyncio.create_task(limited(request.scope, request.receive, request.send))
        for _ in range(5)
    ]
    await asyncio.sleep(0.2)
    assert [m["status"] for m in request.sent if "status" in m] == [429, 429]
    go_on.set()
    await asyncio.gather(*busy, *asked)
    statuses = [m["status"] for m in request.sent if "status" in m]
    assert statuses == [429, 429, 401, 401, 401]


async def test_an_upload_has_more_time_once_its_token_is_known(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 1.5)
    chunks = [b"x" * 65_536, b"x" * 65_536, b"x"]
    assert await Request(UPLOADS[0], chunks, pause=0.7, token=token).run() is None


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

    limited = BodyLimit(slow, Turns())
    await limited(request.scope, request.receive, request.send)
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
