"""Refusals of a request that no view has seen: the same body, without Django."""

import asyncio
import math
from typing import Any

import msgspec
from django.conf import settings

from api.exceptions import body as error_body
from core.errors import Refusal, Unauthorized

# Closed at once, a connection with something unread on it is reset, and a proxy that is
# still sending throws away what we said: nginx answers 502 then.
LINGER_SECONDS = 0.3


async def refuse_unread(scope: Any, send: Any, refusal: Refusal) -> None:
    """Answer with it, and close: what is still on its way is not read."""

    async def slowly(message: Any) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        await send({**message, "more_body": True})
        await asyncio.sleep(LINGER_SECONDS)
        await send({"type": "http.response.body"})

    await refuse(scope, slowly, refusal)


async def refuse(scope: Any, send: Any, refusal: Refusal) -> None:
    """Answer with it, and close. The whole request must have been read."""
    content = msgspec.json.encode(error_body(refusal))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
        (b"x-content-type-options", b"nosniff"),
        *_retry_after(refusal),
        *_challenge(refusal),
        *_cors(scope),
    ]
    start = {"type": "http.response.start", "status": refusal.status}
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _retry_after(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    if refusal.retry_after is None:
        return []
    return [(b"retry-after", str(math.ceil(refusal.retry_after)).encode())]


def _challenge(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    is_unknown = isinstance(refusal, Unauthorized)
    return [(b"www-authenticate", b"Bearer")] if is_unknown else []


def _cors(scope: Any) -> list[tuple[bytes, bytes]]:
    """So that a page may read why: this answer passes no middleware of Django's."""
    varies = (b"vary", b"origin")
    for name, value in scope["headers"]:
        if name == b"origin" and value.decode("latin-1") in settings.ALLOWED_ORIGINS:
            return [varies, (b"access-control-allow-origin", value)]
    return [varies]
