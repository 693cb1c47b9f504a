"""Requests whose bodies come piece by piece."""

import asyncio
import json
from typing import Any

from backend.bodies import BodyLimit
from backend.turns import Turns


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
