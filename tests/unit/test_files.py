"""The type of a file by its content, and the names that it may have."""

import gzip
import io
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from backend import storages
from core.errors import Invalid
from core.files.sniffing import NAME_CHARACTERS, clean_name, content_type
from tests.pictures import picture, png

TYPES = {
    "a PNG": (png(), "image/png"),
    "a JPEG": (picture("JPEG"), "image/jpeg"),
    "a GIF": (picture("GIF"), "image/gif"),
    "a WebP": (picture("WEBP"), "image/webp"),
    "a PDF": (b"%PDF-1.7\n\xff\xfe", "application/pdf"),
    "a gzip": (gzip.compress(b"x"), "application/gzip"),
    "text": ("Grüße 🌊\n\ttab\r\n".encode(), "text/plain"),
    "HTML": (b"<!DOCTYPE html><script>alert(1)</script>", "text/plain"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "text/plain"),
    "long text": ("é".encode() * 70_001, "text/plain"),
}
REFUSED = {
    "a program": b"\x7fELF" + bytes(100),
    "a program for Windows": b"MZ" + bytes(100),
    "NUL in text": b"hello\x00",
    "half a letter": "é".encode()[:1],
    "half a letter at the end": b"x" * 65_536 + "é".encode()[:1],
    "a control character far behind": b"x" * 100_000 + b"\x01",
    "another encoding": "é".encode("latin-1"),
    "a picture for printers": picture("TIFF"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_file_has_the_type_of_its_content(kind: str) -> None:
    content, expected = TYPES[kind]
    assert content_type(io.BytesIO(content)) == expected


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_of_a_type_that_is_not_allowed_is_invalid(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        content_type(io.BytesIO(REFUSED[kind]))
    assert set(refused.value.fields or {}) == {"file"}


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("a\x00b\n.txt", "ab.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        (" .hidden. ", "hidden"),
        ("👩‍👩‍👧.txt", "👩‍👩‍👧.txt"),
    ],
)
def test_a_name_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name, "text/plain") == cleaned


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("cat.png", "cat.png"),
        ("cat.html", "cat.png"),
        ("cat", "cat.png"),
        ("", "picture.png"),
    ],
)
def test_a_picture_gets_the_suffix_of_its_type(name: str, cleaned: str) -> None:
    assert clean_name(name, "image/png") == cleaned


def test_a_long_name_keeps_its_suffix() -> None:
    assert clean_name("x" * 500 + ".txt", "text/plain") == "x" * 196 + ".txt"


@given(st.text(max_size=300))
def test_any_name_becomes_a_clean_one_or_is_refused(name: str) -> None:
    cleaned = clean_name(name, "text/plain")
    assert 0 < len(cleaned) <= NAME_CHARACTERS
    assert not {"/", "\\", "\0", "\n", "\u202e"} & set(cleaned)
    assert cleaned.encode()


@pytest.fixture
def _s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret\n")
    monkeypatch.setenv("S3_BUCKET", "files")
    monkeypatch.setenv("S3_ENDPOINT", "https://s3.example.org")
    monkeypatch.setenv("S3_ACCESS_KEY", "me")
    monkeypatch.setenv("S3_SECRET_KEY_FILE", str(key))


def test_a_folder_is_private(tmp_path: Path) -> None:
    options = storages.file_storage(tmp_path)["OPTIONS"]
    assert options == {
        "location": str(tmp_path),
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    }


@pytest.mark.usefixtures("_s3")
def test_s3_without_its_package_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(storages, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="boto3 is not installed"):
        storages.file_storage(tmp_path)


@pytest.mark.usefixtures("_s3")
def test_s3_by_its_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(storages, "find_spec", lambda name: object())
    found = storages.file_storage(tmp_path)
    assert found["BACKEND"] == "storages.backends.s3.S3Storage"
    assert found["OPTIONS"] == {
        "bucket_name": "files",
        "endpoint_url": "https://s3.example.org",
        "addressing_style": "path",
        "region_name": None,
        "access_key": "me",
        "secret_key": "secret",
    }
