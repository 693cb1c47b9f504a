"""Stored bytes, the quota, and the refusal above it."""

import msgspec
import pytest

from chat import quotas
from chat.payloads.rooms import RoomPayload
from core.limits.table import LIMITS
from tests.pictures import png

from .door import Door, Upload, check_refused
from .surface import UPLOADS, Operation, name


def test_one_sees_what_ones_files_take(as_bob: Door, room: RoomPayload) -> None:
    me = as_bob.get("me").json()
    assert (me["stored_bytes"], me["stored_bytes_allowed"]) == (0, 1024**3)
    file = Upload("notes.txt", b"x" * 5000)
    assert as_bob.post(f"rooms/{room.id}/attachments", file).status == 201
    assert as_bob.get("me").json()["stored_bytes"] == 8192


@pytest.mark.parametrize("operation", UPLOADS, ids=name)
def test_above_the_quota_nothing_is_taken(
    as_alice: Door,
    room: RoomPayload,
    operation: Operation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = msgspec.structs.replace(LIMITS, stored_bytes_per_person=100)
    monkeypatch.setattr(quotas, "LIMITS", table)
    upload = Upload("a.png", png())
    answer = as_alice.send(operation.method, operation.path(room.id), upload)
    check_refused(answer, 413, "quota_exceeded")
    assert as_alice.get("me").json()["stored_bytes"] == 0
