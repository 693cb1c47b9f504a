"""How much of a body the application gets to see, and for how long it waits."""

import asyncio
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tokens import start_session
from backend import bodies, refusals
from backend.bodies import BodyLimit
from backend.turns import Turns
from core.limits.table import LIMITS

from .body_requests import Request


@pytest.fixture(autouse=True)
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(refusals, "LINGER_SECONDS", 0)


async def test_a_body_at_the_limit_passes() -> None:
    request = Request("/api/v1/rooms", [b"x" * LIMITS.request_bytes])
    assert await request.run() is None
    assert request.seen == LIMITS.request_bytes


@pytest.mark.parametrize("path", ["/api/v1/rooms", "/admin/login/", "/api/v1/me"])
async def test_a_body_of_one_byte_too_many_is_refused(path: str) -> None:
    request = Request(path, [b"x" * LIMITS.request_bytes, b"x", b"x" * 1_000_000])
    assert await request.run() == (413, "too_long")
    assert request.is_aborted
    assert request.seen == LIMITS.request_bytes


@pytest.fixture
def token(transactional_db: None) -> str:
    """Of a session that the thread which checks it can see."""
    return start_session(User.objects.create_user("alice")).access


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


async def test_the_time_for_a_body_ends_when_the_body_is_complete(
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
async def test_a_page_of_an_allowed_origin_may_read_the_refusal(
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
