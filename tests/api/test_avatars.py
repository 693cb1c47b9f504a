"""Pictures of people and of rooms."""

import io

import pytest
from PIL import Image

from chat.models import Attachment
from chat.payloads.rooms import RoomPayload
from core.limits.table import LIMITS
from tests.pictures import bomb, exif, picture, png

from .door import Door, Upload, check_refused
from .uploads import PICTURE, below, check_safe, uploaded

PAGE = b"<!DOCTYPE html><script>alert(document.cookie)</script>"

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def test_a_person_sets_and_removes_their_picture(as_bob: Door, anonymous: Door) -> None:
    for content in (png(), picture("JPEG", exif=exif(6).tobytes())):
        answer = as_bob.send("PUT", "me/avatar", Upload("me.png", content))
        assert answer.status == 200
        avatar = answer.json()["avatar"]
        assert as_bob.get("me").json()["avatar"] == avatar
        got = anonymous.get(below(avatar), HTTP_ACCEPT="image/webp")
        check_safe(got)
        assert got.headers["Content-Type"] == "image/webp"
        caching = "public, max-age=31536000, immutable"
        assert got.headers["Cache-Control"] == caching
        assert Image.open(io.BytesIO(got.content)).size == (256, 256)
    assert as_bob.delete("me/avatar").json()["avatar"] is None


@pytest.mark.parametrize(
    "name", ["nonsense", "0" * 32, "..", "%2e%2e%2fattachments", "A" * 32, "0" * 33]
)
def test_a_picture_that_is_not_there_is_not_found(anonymous: Door, name: str) -> None:
    check_refused(anonymous.get(f"avatars/{name}"), 404, "not_found")


def test_an_attachment_is_not_found_among_the_avatars(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    uploaded(as_bob, room, PICTURE)
    stored = Attachment.objects.get()
    for name in (stored.file, stored.thumbnail):
        check_refused(anonymous.get(f"avatars/{name}"), 404, "not_found")


@pytest.mark.parametrize("path", ["me/avatar", "rooms/{}/avatar"])
def test_a_file_that_is_no_picture_is_refused_as_an_avatar(
    as_alice: Door, room: RoomPayload, path: str
) -> None:
    path = path.format(room.id)
    for content in (PAGE, SVG, b"%PDF-1.7", png()[:30]):
        answer = as_alice.send("PUT", path, Upload("a.png", content))
        check_refused(answer, 400, "invalid", "file")
    large = Upload("a.png", png() + bytes(LIMITS.avatar_bytes))
    check_refused(as_alice.send("PUT", path, large), 413, "too_long")
    check_refused(
        as_alice.send("PUT", path, Upload("a.png", bomb(9_000, 9_000))), 413, "too_long"
    )
    assert as_alice.get("me").json()["avatar"] is None
    assert as_alice.get(f"rooms/{room.id}").json()["avatar"] is None


def test_a_room_gets_and_loses_its_picture(as_alice: Door, room: RoomPayload) -> None:
    path = f"rooms/{room.id}/avatar"
    avatar = as_alice.send("PUT", path, PICTURE).json()["avatar"]
    assert as_alice.get(below(avatar)).status == 200
    removed = as_alice.delete(path).json()
    assert removed["avatar"] is None
    # A change to the colour that is set already says nothing.
    assert as_alice.delete(path).json()["head_seq"] == removed["head_seq"]
    log = as_alice.get(f"rooms/{room.id}/messages").json()["messages"]
    assert [message["event"] for message in log[-2:]] == [
        {"type": "room.avatar_changed", "avatar": avatar},
        {"type": "room.avatar_changed", "avatar": None},
    ]


def test_a_room_has_a_colour(as_alice: Door) -> None:
    body = {"name": "attic", "color": "#aabbcc"}
    made = as_alice.post("rooms", body).json()
    assert made["color"] == "#aabbcc"
    path = f"rooms/{made['id']}"
    assert as_alice.patch(path, {"color": ""}).json()["color"] == ""
    for wrong in ("red", "#abc", "#gggggg", "#aabbcc0", "aabbcc", 1, None):
        check_refused(as_alice.patch(path, {"color": wrong}), 400, "invalid", "color")
