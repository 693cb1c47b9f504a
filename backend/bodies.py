"""How much of a request's body is read at all, whoever asks.

Django puts a whole body on disk before a view may refuse it. What is longer than
anything here takes is cut off; the Content-Length, which stays, tells the parsers.
"""

from collections.abc import Awaitable, Callable
from typing import Any

# Of a multipart body, beside the file in it.
OVERHEAD = 65_536


class CutOff:
    """At most `limit` bytes of a body reach `app`."""

    def __init__(self, app: Callable[..., Awaitable[None]], limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        left = self._limit

        async def cut() -> Any:
            nonlocal left
            message = await receive()
            # The rest, which nobody waits for: it is dropped as it comes.
            while left < 0 and message["type"] == "http.request":
                message = await receive()
            left -= len(message.get("body", b""))
            if left < 0 and message["type"] == "http.request":
                return {"type": "http.request", "body": b"", "more_body": False}
            return message

        await self._app(scope, cut, send)
