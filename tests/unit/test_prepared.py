"""A prepared frame is one that any client reads."""

import pytest
from websockets.frames import Opcode

from realtime.protocol.prepared import PreparedFrame

from .raw_sockets import frames_of


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 400_000])
def test_a_client_reads_what_was_prepared(size: int) -> None:
    payload = b"x" * size
    frame = PreparedFrame(payload)
    assert frame.size == size
    assert frames_of(frame.wire) == [(Opcode.TEXT, payload)]


@pytest.mark.parametrize("text", ["", "plain", "Grüße 👋"])
def test_a_server_that_takes_text_gets_the_text(text: str) -> None:
    assert PreparedFrame(text.encode()).text == text
