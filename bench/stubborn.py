"""A socket that goes on in spite of every refusal, until it is closed."""

import asyncio
import time

from bench import frames
from bench.client import Client
from bench.people import Person
from bench.tally import Tally

_PING = frames.encode(frames.TEXT, b'{"type":"ping","ref":7}')
_STEP_SECONDS = 0.05


class Stubborn(Client):
    """Counts the replies and errors that came back for the frames it wrote."""

    written = 0
    replies = 0
    errors = 0
    open_seconds = 0.0

    @classmethod
    async def open(cls, port: int, person: Person) -> "Stubborn":
        host = "127.0.0.1"
        made = cls(index=0, person=person, host=f"{host}:{port}", tally=Tally())
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: made, host, port)
        await made.ready
        return made

    async def go_on(self, *, frames_per_second: float, seconds: float) -> None:
        started = time.monotonic()
        while self._transport is not None and self.open_seconds < seconds:
            due = int(self.open_seconds * frames_per_second) - self.written
            self._transport.write(_PING * due)
            self.written += due
            await asyncio.sleep(_STEP_SECONDS)
            self.open_seconds = time.monotonic() - started
        self.close()

    def on_text(self, text: bytes) -> None:
        self.replies += text.startswith(b'{"type":"reply"')
        self.errors += text.startswith(b'{"type":"error"')
        # The first answer is that to `subscribe`.
        if not self.ready.done():
            super().on_text(text)
