"""docs/protocol.md: its session has only frames that are sent, its tables all codes."""

import json
import re

import pytest
from django.conf import settings

from realtime.protocol.close_codes import CloseCode
from tests.frames import committed

PAGE = (settings.BASE_DIR / "docs" / "protocol.md").read_text(encoding="utf-8")
SESSION = PAGE[PAGE.index("## A whole session") :]
FRAMES = re.findall(r"^([<>]) (\{.*\})$", SESSION, re.MULTILINE)


INVALID = {
    frame["ref"]
    for frame in (json.loads(text) for side, text in FRAMES if side == "<")
    if frame.get("code") == "invalid"
}


def test_there_is_a_session() -> None:
    assert len(FRAMES) > 20


@pytest.mark.parametrize(("side", "text"), FRAMES)
def test_a_frame_of_the_session(side: str, text: str) -> None:
    frame = json.loads(text)
    if side == "<":
        committed().check_sent(frame)
    elif frame.get("ref") in INVALID and frame["type"] == "message.send":
        with pytest.raises(AssertionError):
            committed().check_command(frame)
    else:
        committed().check_command(frame)


@pytest.mark.parametrize("code", CloseCode)
def test_every_close_code_is_told(code: CloseCode) -> None:
    row = f"| {int(code)} | `{code.reason}` |"
    assert (row in PAGE) is not (code is CloseCode.MAX_AGE)
