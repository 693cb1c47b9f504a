"""Uploading and opening files: what is taken, who may, and how it is answered."""

import html
import io
from dataclasses import replace
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.core import signing
from PIL import Image

from accounts.models import User
from chat.actions.members import remove_member
from chat.models import Attachment, Message
from chat.payloads.rooms import RoomPayload
from core.files import signed_links
from core.limits.table import LIMITS
from tests.people import acting
from tests.pictures import SECRET, bomb, exif, picture, png, telling

from .door import Answer, Door, Upload, check_refused

PAGE = b"<!DOCTYPE html><script>alert(document.cookie)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def upload(door: Door, room: RoomPayload, file: Upload) -> Answer:
    return door.send("POST", f"rooms/{room.id}/attachments", file)


def uploaded(door: Door, room: RoomPayload, file: Upload) -> str:
    answer = upload(door, room, file)
    assert answer.status == 201, answer.content
    return str(answer.json()["id"])


def sent(door: Door, room: RoomPayload, file: Upload) -> tuple[str, int]:
    """The attachment's id and the `seq` of the message that carries it."""
    attachment = uploaded(door, room, file)
    body = {"client_id": attachment, "body": "", "attachments": [attachment]}
    answer = door.post(f"rooms/{room.id}/messages", body)
    assert answer.status == 201, answer.content
    assert [a["id"] for a in answer.json()["attachments"]] == [attachment]
    return attachment, int(answer.json()["seq"])


def below(url: str) -> str:
    return url.removeprefix("/api/v1/")


PICTURE = Upload("cat.png", png(600, 300))


def test_a_picture(as_bob: Door, room: RoomPayload) -> None:
    answer = upload(as_bob, room, PICTURE).json()
    url = f"/api/v1/attachments/{answer['id']}"
    assert answer == {
        "id": answer["id"],
        "name": "cat.png",
        "content_type": "image/png",
        "size": answer["size"],
        "width": 600,
        "height": 300,
        "url": url,
        "thumbnail_url": f"{url}/thumbnail",
    }
    got = as_bob.get(below(url))
    assert len(got.content) == answer["size"]
    assert Image.open(io.BytesIO(got.content)).size == (600, 300)
    small = as_bob.get(below(answer["thumbnail_url"]))
    assert Image.open(io.BytesIO(small.content)).size == (480, 240)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_nothing_is_told_but_the_picture(
    as_bob: Door, room: RoomPayload, form: str
) -> None:
    before = telling(form)
    assert SECRET in before
    path = f"attachments/{uploaded(as_bob, room, Upload('x', before))}"
    for kept in (as_bob.get(path), as_bob.get(f"{path}/thumbnail")):
        assert kept.status == 200
        assert SECRET not in kept.content
        assert not Image.open(io.BytesIO(kept.content)).getexif().get_ifd(0x8825)


def check_safe(answer: Answer) -> None:
    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (png(), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
    ],
)
def test_picture_is_shown(
    as_bob: Door, room: RoomPayload, content: bytes, content_type: str
) -> None:
    # What its sender says about it is worth nothing.
    file = Upload("x.html", content, "text/html")
    answer = as_bob.get(f"attachments/{uploaded(as_bob, room, file)}")
    check_safe(answer)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert ".html" not in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "file",
    [
        Upload("page.html", PAGE, "text/html"),
        Upload("page.png", PAGE, "image/png"),
        Upload("image.svg", SVG, "image/svg+xml"),
        Upload("a.pdf", b"%PDF-1.7 " + PAGE, "application/pdf"),
        Upload("a.xhtml", b"<?xml version='1.0'?><html/>", "application/xhtml+xml"),
    ],
    ids=lambda file: file.name,
)
def test_anything_else_is_saved(as_bob: Door, room: RoomPayload, file: Upload) -> None:
    answer = as_bob.get(f"attachments/{uploaded(as_bob, room, file)}")
    check_safe(answer)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    disposition = f'attachment; filename="{file.name}"'
    assert answer.headers["Content-Disposition"] == disposition
    assert answer.content == file.content


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("a\x00b.txt", "ab.txt"),
        ("\u202egnp.txt", "gnp.txt"),
        ("Grüße.txt", "Grüße.txt"),
        ("x" * 400 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_name_is_cleaned_and_never_a_path(
    as_bob: Door, room: RoomPayload, name: str, kept: str
) -> None:
    attachment = uploaded(as_bob, room, Upload(name, b"hello"))
    assert Attachment.objects.get().name == kept
    assert len(Attachment.objects.get().file) == 32
    answer = as_bob.get(f"attachments/{attachment}")
    assert kept in unquote(answer.headers["Content-Disposition"])
    assert answer.content == b"hello"


def test_name_breaks_no_header(as_bob: Door, room: RoomPayload) -> None:
    name = html.unescape("a&quot;; filename=b.html&#13;&#10;Set-Cookie: x.txt")
    file = Upload(name.replace('"', "&quot;").replace("\r\n", "&#13;&#10;"), b"hi")
    answer = as_bob.get(f"attachments/{uploaded(as_bob, room, file)}")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a')
    assert "\n" not in answer.headers["Content-Disposition"]


BROKEN = {
    "empty": Upload("a.txt", b""),
    "a truncated PNG": Upload("a.png", png(300, 300)[:-40]),
    "a GIF that is a script": Upload("a.gif", b"GIF89a/*\x00\x00*/=alert(1)"),
    "a head of a PNG and a page": Upload("a.png", png()[:8] + PAGE),
    "a program": Upload("cat.png", b"\x7fELF" + bytes(60)),
    "bytes": Upload("a.txt", bytes(range(256))),
    "another field": replace(PICTURE, field="picture"),
    "a name of dots": Upload("..", b"hello"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_taken(as_bob: Door, room: RoomPayload, kind: str) -> None:
    answer = upload(as_bob, room, BROKEN[kind])
    check_refused(answer, 400, "invalid", "file")
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("size", [(8_000, 8_000), (50_000, 50_000)])
def test_bomb(as_bob: Door, room: RoomPayload, size: tuple[int, int]) -> None:
    check_refused(upload(as_bob, room, Upload("a.png", bomb(*size))), 413, "too_long")


@pytest.mark.parametrize("more", [1, 1024 * 1024])
def test_too_large(as_bob: Door, room: RoomPayload, more: int) -> None:
    file = Upload("a.txt", b"x" * (LIMITS.attachment_bytes + more))
    check_refused(upload(as_bob, room, file), 413, "too_long")
    assert not Attachment.objects.exists()


def test_as_large_as_may_be(as_bob: Door, room: RoomPayload) -> None:
    file = Upload("a.txt", b"x" * LIMITS.attachment_bytes)
    attachment = uploaded(as_bob, room, file)
    assert as_bob.get(f"attachments/{attachment}").content == file.content


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (PICTURE.body() * 200, PICTURE.header),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
            + b"x" * 3_000_000
            + b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["nothing", "nonsense", "a head", "no boundary", "200 files", "a long field"],
)
def test_broken_bodies(
    as_bob: Door, room: RoomPayload, content: bytes, header: str
) -> None:
    answer = as_bob.raw("POST", f"rooms/{room.id}/attachments", content, header)
    assert (answer.status, answer.json()["code"]) in {
        (400, "invalid"),
        (201, None),
        (413, "too_long"),
    }, answer.content
    assert not Attachment.objects.exists()


def test_json_is_no_file(as_bob: Door, room: RoomPayload) -> None:
    answer = as_bob.post(f"rooms/{room.id}/attachments", {"file": "x"})
    check_refused(answer, 415, "unsupported_media_type")


def test_before_it_is_sent_only_its_uploader_opens_it(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    path = f"attachments/{uploaded(as_bob, room, PICTURE)}"
    assert as_bob.get(path).status == 200
    assert as_alice.get(path) == as_alice.get(f"attachments/{uuid4()}")
    check_refused(as_alice.get(path), 404, "not_found")
    check_refused(as_alice.post(f"{path}/link"), 404, "not_found")


def test_nobody_sends_somebody_elses_file(
    as_alice: Door, as_bob: Door, room: RoomPayload
) -> None:
    body = {
        "client_id": "1",
        "body": "mine",
        "attachments": [uploaded(as_bob, room, PICTURE)],
    }
    answer = as_alice.post(f"rooms/{room.id}/messages", body)
    check_refused(answer, 400, "invalid", "attachments")
    assert not Message.objects.filter(kind="user").exists()


@pytest.mark.parametrize(
    "attachments", ["x", [1], [None], {}, [["x"]], ["x"] * 11, ["x" * 65], None]
)
def test_what_is_no_list_of_files(
    as_bob: Door, room: RoomPayload, attachments: object
) -> None:
    body = {"client_id": "1", "body": "hi", "attachments": attachments}
    answer = as_bob.post(f"rooms/{room.id}/messages", body)
    check_refused(answer, 400, "invalid", "attachments")


def test_forbidden_is_as_unknown_byte_by_byte(
    as_alice: Door, as_charlie: Door, room: RoomPayload, private_room: RoomPayload
) -> None:
    for place in (room, private_room):
        attachment, _ = sent(as_alice, place, PICTURE)
        for path in ("", "/thumbnail"):
            hidden = as_charlie.get(f"attachments/{attachment}{path}")
            for unknown in (str(uuid4()), "nonsense", attachment.upper(), "%00"):
                assert as_charlie.get(f"attachments/{unknown}{path}") == hidden
            check_refused(hidden, 404, "not_found")


def test_who_was_removed_opens_it_no_more(
    as_alice: Door, as_bob: Door, alice: User, bob: User, room: RoomPayload
) -> None:
    theirs, _ = sent(as_alice, room, PICTURE)
    own, _ = sent(as_bob, room, PICTURE)
    assert as_bob.get(f"attachments/{theirs}").status == 200
    remove_member(acting(alice), room.id, str(bob.pk))
    for attachment in (theirs, own):
        check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")


def test_deleted_message_takes_its_files_along(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    attachment, seq = sent(as_bob, room, PICTURE)
    link = as_bob.post(f"attachments/{attachment}/link").json()["url"]
    assert anonymous.get(below(link)).status == 200
    assert as_bob.delete(f"rooms/{room.id}/messages/{seq}").json()["attachments"] == []
    check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")
    check_refused(anonymous.get(below(link)), 404, "not_found")


def test_a_link_opens_without_a_token(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    attachment, _ = sent(as_bob, room, PICTURE)
    answer = as_bob.post(f"attachments/{attachment}/link")
    assert (answer.status, answer.json()["expires_in"]) == (201, 300)
    for name in ("url", "thumbnail_url"):
        # As `<img>` asks.
        got = anonymous.get(below(answer.json()[name]), HTTP_ACCEPT="image/webp")
        check_safe(got)
        assert got.headers["Content-Type"].startswith("image/")
    text, _ = sent(as_bob, room, Upload("a.txt", b"hello"))
    link = as_bob.post(f"attachments/{text}/link").json()
    assert link["thumbnail_url"] is None
    assert anonymous.get(below(link["url"])).content == b"hello"
    check_refused(as_bob.get(f"attachments/{text}/thumbnail"), 404, "not_found")


def test_a_link_is_for_one_file_and_not_for_ever(
    as_bob: Door, anonymous: Door, room: RoomPayload, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = sent(as_bob, room, PICTURE)
    other, _ = sent(as_bob, room, PICTURE)
    signature = signed_links.signature(one)
    path = f"attachments/{one}?signature="
    assert anonymous.get(path + signature).status == 200
    forged = signing.TimestampSigner().sign(one).removeprefix(f"{one}:")
    for wrong in (signature[:-1], f"x{signature}", "x", "::", forged):
        check_refused(anonymous.get(path + wrong), 404, "not_found")
    elsewhere = anonymous.get(f"attachments/{other}?signature={signature}")
    check_refused(elsewhere, 404, "not_found")
    check_refused(anonymous.get(path), 400, "invalid", "signature")
    check_refused(anonymous.get(f"attachments/{one}"), 401, "unauthorized")
    monkeypatch.setattr(signed_links, "LINK_SECONDS", -1)
    check_refused(anonymous.get(path + signature), 404, "not_found")


def test_a_file_that_was_lost_is_not_found(as_bob: Door, room: RoomPayload) -> None:
    attachment, _ = sent(as_bob, room, PICTURE)
    Attachment.objects.update(file="0" * 32)
    check_refused(as_bob.get(f"attachments/{attachment}"), 404, "not_found")


# --- Pictures of people and rooms ----------------------------------------------------


def test_my_picture(as_bob: Door, anonymous: Door) -> None:
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
def test_no_such_picture(anonymous: Door, name: str) -> None:
    check_refused(anonymous.get(f"avatars/{name}"), 404, "not_found")


def test_attachment_is_no_avatar(
    as_bob: Door, anonymous: Door, room: RoomPayload
) -> None:
    uploaded(as_bob, room, PICTURE)
    stored = Attachment.objects.get()
    for name in (stored.file, stored.thumbnail):
        check_refused(anonymous.get(f"avatars/{name}"), 404, "not_found")


@pytest.mark.parametrize("path", ["me/avatar", "rooms/{}/avatar"])
def test_what_is_no_picture(as_alice: Door, room: RoomPayload, path: str) -> None:
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


def test_picture_of_a_room(as_alice: Door, room: RoomPayload) -> None:
    path = f"rooms/{room.id}/avatar"
    avatar = as_alice.send("PUT", path, PICTURE).json()["avatar"]
    assert as_alice.get(below(avatar)).status == 200
    removed = as_alice.delete(path).json()
    assert removed["avatar"] is None
    # What is as wished already stays silent.
    assert as_alice.delete(path).json()["head_seq"] == removed["head_seq"]
    log = as_alice.get(f"rooms/{room.id}/messages").json()["messages"]
    assert [message["event"] for message in log[-2:]] == [
        {"type": "room.avatar_changed", "avatar": avatar},
        {"type": "room.avatar_changed", "avatar": None},
    ]


def test_colour_of_a_room(as_alice: Door) -> None:
    body = {"name": "attic", "color": "#aabbcc"}
    made = as_alice.post("rooms", body).json()
    assert made["color"] == "#aabbcc"
    path = f"rooms/{made['id']}"
    assert as_alice.patch(path, {"color": ""}).json()["color"] == ""
    for wrong in ("red", "#abc", "#gggggg", "#aabbcc0", "aabbcc", 1, None):
        check_refused(as_alice.patch(path, {"color": wrong}), 400, "invalid", "color")
