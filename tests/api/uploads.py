"""Uploading files in a test."""

from chat.payloads.rooms import RoomPayload
from tests.pictures import png

from .door import Answer, Door, Upload


def upload(door: Door, room: RoomPayload, file: Upload) -> Answer:
    return door.send("POST", f"rooms/{room.id}/attachments", file)


def uploaded(door: Door, room: RoomPayload, file: Upload) -> str:
    answer = upload(door, room, file)
    assert answer.status == 201, answer.content
    return str(answer.json()["id"])


def below(url: str) -> str:
    return url.removeprefix("/api/v1/")


PICTURE = Upload("cat.png", png(600, 300))


def check_safe(answer: Answer) -> None:
    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
