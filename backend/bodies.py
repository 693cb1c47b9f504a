"""How large the body of a request may be, and how long it may take to arrive.

This is decided here and not in a view, because Django reads the whole body before it
calls one. Of an upload no more is read than of any other request until its token was
checked (uploads.py). It works in time only on a server that passes a body on as it
comes: uvicorn does, daphne does not.
"""

import asyncio
from typing import Any

from core.errors import Refusal, TooLong
from core.limits.table import LIMITS
from core.network import client_of, network_of

from .pools import Pool, Share
from .refusals import refuse_unread
from .turns import Turns
from .uploads import LARGEST, Upload, Uploads

SECONDS = 10
UPLOAD_SECONDS = 120
# All bodies that are in memory: arriving, waiting for a thread, or in a view.
MEMORY_BYTES = 64 * 1024 * 1024
# The bytes that a request with a body counts for besides its own: thousands of slow
# requests that have sent one byte each take memory too.
REQUEST_BYTES = 16_384
# uvicorn may have read this much of a large body when it is told to wait.
WAITING_BYTES = 262_144


class TooSlow(Refusal):
    code = "request_timeout"
    status = 408
    detail = "The request's body did not arrive in time: nothing was done."


class BodyLimit:
    """ASGI middleware. When it refuses, the application sees a client that left."""

    def __init__(self, app: Any, turns: Turns) -> None:
        self.app = app
        self._memory = Pool("bodies", MEMORY_BYTES)
        self._uploads = Uploads(turns)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        network = network_of(client_of(scope))
        with self._memory.share(network) as memory, self._uploads.of(scope) as upload:
            body = _Body(scope, receive, send, memory, upload)
            await self.app(scope, body, send)


class _Body:
    """In place of `receive`: refuses a body that is too large or too slow."""

    def __init__(
        self, scope: Any, receive: Any, send: Any, memory: Share, upload: Upload | None
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._memory = memory
        self._upload = upload
        self._most = LIMITS.request_bytes
        self._deadline = asyncio.get_running_loop().time() + SECONDS
        self._size = 0
        self._has_begun = False
        self._is_complete = False
        headers = scope["headers"]
        declared = [v for name, v in headers if name == b"content-length"]
        self._declared = max((int(v) for v in declared if v.isdigit()), default=0)
        is_chunked = any(name == b"transfer-encoding" for name, _ in headers)
        self._has_body = self._declared > 0 or is_chunked

    async def __call__(self) -> Any:
        if self._is_complete:
            return await self._receive()
        try:
            return await self._next()
        except Refusal as refusal:
            await refuse_unread(self._scope, self._send, refusal)
            return {"type": "http.disconnect"}

    async def _next(self) -> Any:
        if not self._has_begun:
            self._has_begun = True
            if self._has_body:
                self._memory.take(REQUEST_BYTES)
            # A length in the head is enough to refuse the body unread.
            await self._allow(self._declared)
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        size = len(message.get("body", b""))
        self._size += size
        await self._allow(self._size)
        if self._most == LIMITS.request_bytes:
            self._memory.take(size)
        self._is_complete = not message.get("more_body", False)
        return message

    async def _allow(self, length: int) -> None:
        """Go on with a body of this length, or raise.

        Only an upload may be longer than other requests, once its token is checked.
        """
        if length <= self._most:
            return
        if self._upload is None or length > LARGEST:
            largest = LIMITS.request_bytes if self._upload is None else LARGEST
            raise TooLong(f"A request has at most {largest} bytes.")
        self._memory.take(WAITING_BYTES)
        await self._upload.admit()
        self._most = LARGEST
        self._deadline = asyncio.get_running_loop().time() + UPLOAD_SECONDS
