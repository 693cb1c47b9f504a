"""How much body a request may have, and how long it may take to arrive.

Here and not in a view: Django writes a whole body to disk before it calls one. Only a
server that hands on what it gets is stopped in time: uvicorn does, daphne does not.
"""

import asyncio
import re
from typing import Any

from chat.errors import Refusal, TooLong
from chat.limits import LIMITS

from .refusals import refuse

# A form has some bytes around its file.
UPLOAD_MARGIN = 65_536
SECONDS = 20
UPLOAD_SECONDS = 120
_uploads = re.compile(r"/api/v1/(?:rooms/[^/]+/(?:attachments|avatar)|me/avatar)")


class TooSlow(Refusal):
    code = "request_timeout"
    status = 408
    detail = "The request's body did not arrive in time: nothing was done."


class BodyLimit:
    """Answers 413 or 408 itself; the application then sees a client that went away."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_upload = _uploads.fullmatch(scope["path"]) is not None
        upload = LIMITS.attachment_bytes + UPLOAD_MARGIN
        most = upload if is_upload else LIMITS.request_bytes
        if _declared(scope) > most:
            await refuse(scope, send, _too_long(most))
            return
        seconds = UPLOAD_SECONDS if is_upload else SECONDS
        await self.app(scope, _Body(scope, receive, send, most, seconds), send)


class _Body:
    """`receive`, until there is too much of it."""

    def __init__(
        self, scope: Any, receive: Any, send: Any, most: int, seconds: float
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._most = most
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._size = 0
        self._is_complete = False

    async def __call__(self) -> Any:
        if self._is_complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            return await self._cut(TooSlow())
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            return await self._cut(_too_long(self._most))
        self._is_complete = not message.get("more_body", False)
        return message

    async def _cut(self, refusal: Refusal) -> Any:
        await refuse(self._scope, self._send, refusal)
        return {"type": "http.disconnect"}


def _declared(scope: Any) -> int:
    found = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in found if value.isdigit()), default=0)


def _too_long(most: int) -> TooLong:
    return TooLong(f"A request has at most {most} bytes.")
