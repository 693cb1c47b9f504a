"""Uploading and opening files: what is taken, who may, and how it is answered."""

import html
import io
from dataclasses import replace
from urllib.parse import unquote

import pytest
from PIL import Image

from chat.models import Attachment
from chat.payloads.rooms import RoomPayload
from core.limits.table import LIMITS
from tests.pictures import SECRET, bomb, picture, png, telling

from .door import Door, Upload, check_refused
from .uploads import PICTURE, below, check_safe, upload, uploaded

PAGE = b"<!DOCTYPE html><script>alert(document.cookie)</script>"

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def test_a_picture_is_uploaded_and_sent(as_bob: Door, room: RoomPayload) -> None:
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
def test_an_uploaded_picture_keeps_no_metadata(
    as_bob: Door, room: RoomPayload, form: str
) -> None:
    before = telling(form)
    assert SECRET in before
    path = f"attachments/{uploaded(as_bob, room, Upload('x', before))}"
    for kept in (as_bob.get(path), as_bob.get(f"{path}/thumbnail")):
        assert kept.status == 200
        assert SECRET not in kept.content
        assert not Image.open(io.BytesIO(kept.content)).getexif().get_ifd(0x8825)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (png(), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
    ],
)
def test_a_browser_shows_a_picture(
    as_bob: Door, room: RoomPayload, content: bytes, content_type: str
) -> None:
    # The type that its sender gives counts for nothing.
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
def test_a_browser_saves_any_other_file(
    as_bob: Door, room: RoomPayload, file: Upload
) -> None:
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
def test_a_file_of_a_type_that_is_not_allowed_is_refused(
    as_bob: Door, room: RoomPayload, kind: str
) -> None:
    answer = upload(as_bob, room, BROKEN[kind])
    check_refused(answer, 400, "invalid", "file")
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("size", [(8_000, 8_000), (50_000, 50_000)])
def test_a_decompression_bomb_is_refused(
    as_bob: Door, room: RoomPayload, size: tuple[int, int]
) -> None:
    check_refused(upload(as_bob, room, Upload("a.png", bomb(*size))), 413, "too_long")


@pytest.mark.parametrize("more", [1, 1024 * 1024])
def test_a_file_that_is_too_large_is_refused(
    as_bob: Door, room: RoomPayload, more: int
) -> None:
    file = Upload("a.txt", b"x" * (LIMITS.attachment_bytes + more))
    check_refused(upload(as_bob, room, file), 413, "too_long")
    assert not Attachment.objects.exists()


def test_a_file_at_the_limit_is_taken(as_bob: Door, room: RoomPayload) -> None:
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
def test_a_broken_body_is_refused(
    as_bob: Door, room: RoomPayload, content: bytes, header: str
) -> None:
    answer = as_bob.raw("POST", f"rooms/{room.id}/attachments", content, header)
    assert (answer.status, answer.json()["code"]) in {
        (400, "invalid"),
        (201, None),
        (413, "too_long"),
    }, answer.content
    assert not Attachment.objects.exists()


def test_json_is_refused_where_a_file_is_wanted(
    as_bob: Door, room: RoomPayload
) -> None:
    answer = as_bob.post(f"rooms/{room.id}/attachments", {"file": "x"})
    check_refused(answer, 415, "unsupported_media_type")
