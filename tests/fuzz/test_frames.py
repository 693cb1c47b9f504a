"""Fuzzed frames get answers: no 1011, no hang, no growing memory, no traceback."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.sockets import Socket, chatting

from .conftest import SCALE, Target
from .frames import frames

# Frames of one socket, which would be closed after more bad ones.
FRAMES = 20
SOCKETS = 50 * SCALE
# Freed memory stays with the process for a while.
MAX_GROWTH_MIB = 40
# Above every `ref` that a fuzzed frame has.
LAST_REF = 1_000_000
# 4503 is for too many bad frames, 1009 for a frame over the server's own limit.
ALLOWED_CLOSES = {4503, 1009}


@pytest.mark.timeout(60 + 30 * SCALE)
def test_fuzzed_frames(target: Target) -> None:
    batches = st.lists(frames(target.rooms), min_size=FRAMES, max_size=FRAMES)

    @settings(
        max_examples=SOCKETS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(batch=batches, who=st.integers(0, len(target.people) - 1))
    def fuzz(batch: list[str | bytes], who: int) -> None:
        url = target.process.socket_url(target.people[who].token)
        asyncio.run(_fuzz(url, target.rooms[0], batch))

    fuzz()
    before = target.memory()
    fuzz()
    assert target.memory() - before < MAX_GROWTH_MIB
    target.check_log()


async def _fuzz(url: str, room: str, batch: list[str | bytes]) -> None:
    async with chatting(url) as socket:
        try:
            await socket.subscribe(room)
            for frame in batch:
                await socket.connection.send(frame)
            await _is_alive(socket)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            assert code in ALLOWED_CLOSES, (code, batch)


async def _is_alive(socket: Socket) -> None:
    """Ping, and wait: the server answers in order, so all earlier commands are done."""
    await socket.connection.send(json.dumps({"type": "ping", "ref": LAST_REF}))
    await socket.until(lambda frame: frame.get("ref") == LAST_REF)
