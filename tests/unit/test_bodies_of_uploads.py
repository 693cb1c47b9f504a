"""Uploads: whose body may be large, and how many may be under way."""

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

from .body_requests import Request

UPLOADS = [
    "/api/v1/rooms/x/attachments",
    "/api/v1/rooms/x/avatar",
    "/api/v1/me/avatar",
]


@pytest.fixture(autouse=True)
def _limited(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMITS = True
    monkeypatch.setattr(refusals, "LINGER_SECONDS", 0)


@pytest.fixture
def token(transactional_db: None) -> str:
    """Of a session that the thread which checks it can see."""
    return start_session(User.objects.create_user("alice")).access


@pytest.mark.parametrize("path", UPLOADS)
async def test_an_upload_may_be_larger_and_has_a_limit_too(
    path: str, token: str
) -> None:
    chunks = [b"x" * LIMITS.attachment_bytes]
    assert await Request(path, chunks, token=token).run() is None
    chunks = [b"x" * uploads.LARGEST, b"x"]
    assert await Request(path, chunks, token=token).run() == (413, "too_long")


@pytest.mark.parametrize("path", UPLOADS)
async def test_an_upload_without_a_good_token_is_read_up_to_64_kib(path: str) -> None:
    """Without a token nothing asks the database."""
    request = Request(path, [b"x" * 65_536, b"x", b"x" * 1_000_000])
    assert await request.run() == (401, "unauthorized")
    assert request.is_aborted
    assert request.seen == 65_536
    assert request.chunks == [b"x" * 1_000_000]


@pytest.mark.parametrize("authorization", [None, b"Basic x", b"Bearer", b"Bearer x"])
async def test_a_declared_upload_without_a_good_token_is_refused_unread(
    authorization: bytes | None,
) -> None:
    request = Request(UPLOADS[0], [b"x"])
    request.scope["headers"] = [(b"content-length", b"65537")]
    if authorization is not None:
        request.scope["headers"] += [(b"authorization", authorization)]
    assert await request.run() == (401, "unauthorized")
    assert request.chunks == [b"x"]


async def test_a_small_upload_reaches_the_view() -> None:
    """As is everything else without a body: preflights have no token."""
    assert await Request(UPLOADS[0], [b"x" * 65_536]).run() is None


def test_an_upload_without_a_good_token_gets_the_answer_of_the_view(
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
