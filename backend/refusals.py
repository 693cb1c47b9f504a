"""Refusing a request before Django sees it, with the body that a view would send."""

import asyncio
import math
from typing import Any

import msgspec
from django.conf import settings

from api.exceptions import body as error_body
from core.errors import Refusal, Unauthorized

from .request_counts import count_answer

# A connection that is closed with unread bytes on it is reset, and a proxy that still
# sends then throws our answer away: nginx answers 502 instead.
LINGER_SECONDS = 0.3


async def refuse_unread(scope: Any, send: Any, refusal: Refusal) -> None:
    """Answer with it, and close. The rest of the request is not read."""

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
    count_answer(scope, refusal.status)
    content = msgspec.json.encode(error_body(refusal))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
        (b"x-content-type-options", b"nosniff"),
        *_cors(scope),
    ]
    if refusal.retry_after is not None:
        wait = str(math.ceil(refusal.retry_after))
        headers.append((b"retry-after", wait.encode()))
    if isinstance(refusal, Unauthorized):
        headers.append((b"www-authenticate", b"Bearer"))
    start = {"type": "http.response.start", "status": refusal.status}
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _cors(scope: Any) -> list[tuple[bytes, bytes]]:
    """Lets a page read the refusal, which passes no middleware of Django's."""
    varies = (b"vary", b"origin")
    for name, value in scope["headers"]:
        if name == b"origin" and value.decode("latin-1") in settings.ALLOWED_ORIGINS:
            return [varies, (b"access-control-allow-origin", value)]
    return [varies]
