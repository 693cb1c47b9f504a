"""Pictures: decoded and made anew, so that nothing is kept but what one sees.

Where they were taken, with what, by whom, and whatever else was in the file is gone
with it. This process never decodes one: process.py hands the file to one that has
little memory and little time, and takes files back. A thread waits for it: never on the
event loop.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import SEEK_END
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Annotated, NamedTuple

import msgspec
from django.core.files.base import File
from msgspec import Meta

from ...errors import Refusal, TooLong
from ...limits.table import LIMITS
from . import process

AVATAR_TYPE = "image/webp"
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
# What a decoder may have: Python and Pillow, and for each pixel what its format needs.
# PNG, JPEG and GIF take 8 to 13 bytes, WebP 17 to 24. WebP with transparency takes 36:
# of those the largest, from 12 megapixels on, are refused.
_BASE_BYTES = 64 * 1024 * 1024
_BYTES_PER_PIXEL = 28


class Picture(NamedTuple):
    """Its files are temporary: they go with the block that they were made for."""

    content: "File[bytes]"
    thumbnail: "File[bytes]"
    size: int
    width: int
    height: int


class _Report(msgspec.Struct):
    """What decoder.py says; a picture may have made it say anything."""

    refused: str = ""
    width: Annotated[int, Meta(ge=0, le=65_535)] = 0
    height: Annotated[int, Meta(ge=0, le=65_535)] = 0


@contextmanager
def made_anew(file: IO[bytes], content_type: str) -> Iterator[Picture]:
    """The same picture, upright, and a small one.

    Raises Invalid, TooLong or Unavailable.
    """
    most = LIMITS.attachment_bytes
    with TemporaryFile() as content, TemporaryFile() as small:
        report = _decoded(file, [FORMATS[content_type]], most, content, small)
        size, _ = _size(content, most), _size(small, most)
        yield Picture(File(content), File(small), size, report.width, report.height)


@contextmanager
def square(file: IO[bytes]) -> "Iterator[File[bytes]]":
    """The middle of a picture, for an avatar. Raises what `made_anew` raises."""
    most = LIMITS.avatar_bytes
    with TemporaryFile() as content:
        _decoded(file, [*FORMATS.values()], most, content)
        _size(content, most)
        yield File(content)


def _decoded(
    file: IO[bytes],
    forms: Sequence[str],
    most: int,
    *kept: IO[bytes],
) -> _Report:
    limits = {
        "seconds": process.SECONDS,
        "cpu_seconds": process.CPU_SECONDS,
        "memory_bytes": _BASE_BYTES + _BYTES_PER_PIXEL * LIMITS.image_pixels,
        "content_bytes": most,
    }
    orders = {
        "limits": limits,
        "forms": forms,
        "pixels": LIMITS.image_pixels,
        "frames": LIMITS.image_frames,
        "content_bytes": most,
    }
    with process.turn(), TemporaryFile() as source:
        # A file that is uploaded may be in memory, or come in pieces from elsewhere.
        file.seek(0)
        copyfileobj(file, source)
        source.seek(0)
        report = _read(process.run(orders, source, *(one.fileno() for one in kept)))
    if report.refused:
        raise _refusal(report.refused, most)
    return report


def _read(said: bytes) -> _Report:
    try:
        return msgspec.json.decode(said, type=_Report)
    except msgspec.DecodeError:
        raise process.unreadable() from None


def _refusal(why: str, most: int) -> Refusal:
    details = {
        "pixels": f"A picture has at most {LIMITS.image_pixels} pixels.",
        "frames": f"A picture has at most {LIMITS.image_frames} frames.",
        "bytes": f"This picture has more than {most} bytes when it is made anew.",
        "memory": "This picture takes too much memory to decode.",
    }
    return TooLong(details[why]) if why in details else process.unreadable()


def _size(made: IO[bytes], most: int) -> int:
    """The kernel holds the decoder to this too; the decoder is not asked."""
    size = made.seek(0, SEEK_END)
    if not 0 < size <= most:
        raise process.unreadable()
    made.seek(0)
    return size
