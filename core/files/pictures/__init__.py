"""Pictures: decoded and encoded anew, so that only what one sees is kept.

Where a picture was taken, with which camera and by whom is lost with the old file. This
process never decodes one. process.py gives the file to a process that has little memory
and little time, and gets files back. A thread waits for that, so never call this on the
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
# A decoder's memory: for Python and Pillow, and for each pixel. PNG, JPEG and GIF take
# 8 to 13 bytes for a pixel, WebP 17 to 24. WebP with transparency takes 36: those are
# refused from 12 megapixels on.
_BASE_BYTES = 64 * 1024 * 1024
_BYTES_PER_PIXEL = 28


class Picture(NamedTuple):
    """Its files are temporary: they are gone when the block of `made_anew` ends."""

    content: "File[bytes]"
    thumbnail: "File[bytes]"
    size: int
    width: int
    height: int


class _Report(msgspec.Struct):
    """decoder.py's report. A hostile picture may have written anything into it."""

    refused: str = ""
    width: Annotated[int, Meta(ge=0, le=65_535)] = 0
    height: Annotated[int, Meta(ge=0, le=65_535)] = 0


@contextmanager
def made_anew(file: IO[bytes], content_type: str) -> Iterator[Picture]:
    """The same picture, upright, with a thumbnail.

    Raises Invalid, TooLong or Unavailable.
    """
    most = LIMITS.attachment_bytes
    with TemporaryFile() as content, TemporaryFile() as small:
        report = _decoded(file, [FORMATS[content_type]], most, content, small)
        size, _ = _size(content, most), _size(small, most)
        yield Picture(File(content), File(small), size, report.width, report.height)


@contextmanager
def square(file: IO[bytes]) -> "Iterator[File[bytes]]":
    """The middle of a picture, for an avatar. Raises like `made_anew`."""
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
        # Copied, since an uploaded file may be in memory and have no descriptor.
        file.seek(0)
        copyfileobj(file, source)
        source.seek(0)
        said = process.run(orders, source, *(one.fileno() for one in kept))
        try:
            report = msgspec.json.decode(said, type=_Report)
        except msgspec.DecodeError:
            raise process.unreadable() from None
    if report.refused:
        raise _refusal(report.refused, most)
    return report


def _refusal(why: str, most: int) -> Refusal:
    details = {
        "pixels": f"A picture has at most {LIMITS.image_pixels} pixels.",
        "frames": f"A picture has at most {LIMITS.image_frames} frames.",
        "bytes": f"This picture has more than {most} bytes when it is made anew.",
        "memory": "This picture takes too much memory to decode.",
    }
    return TooLong(details[why]) if why in details else process.unreadable()


def _size(made: IO[bytes], most: int) -> int:
    """The size of the file itself: the decoder's word for it would prove nothing."""
    size = made.seek(0, SEEK_END)
    if not 0 < size <= most:
        raise process.unreadable()
    made.seek(0)
    return size
