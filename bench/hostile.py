"""Hostile pictures: small files that take much, and files that are no pictures."""

import io
import os
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.pictures import bomb, exif, many_frames, picture, png

# The most that one picture may have. The worst picture has all of it.
SIDE = 4_000
FRAMES = 400
_PAGE = b"<!DOCTYPE html><script>alert(1)</script>PK\x03\x04"


def corpus() -> list[tuple[str, bytes]]:
    """The description and content of each: all formats, up to the largest size."""
    return [*_frames(), *_dimensions(), *_largest(), *_broken(), *_inflated()]


def _frames() -> Iterator[tuple[str, bytes]]:
    yield "a GIF of 690,000 frames", many_frames(690_000)
    for form in ("GIF", "WEBP", "PNG"):
        yield f"a {form} with one frame too many", _moving(form, FRAMES + 1, 100)
        yield f"a {form} with as many frames as may be", _moving(form, FRAMES, 100)
        yield f"a {form} whose frames are huge", _moving(form, 5, SIDE // 2)


def _moving(form: str, frames: int, side: int) -> bytes:
    colors = ("red", "green", "blue")
    images = [Image.new("RGB", (side, side), colors[n % 3]) for n in range(frames)]
    file = io.BytesIO()
    images[0].save(file, form, save_all=True, append_images=images[1:], duration=50)
    return file.getvalue()


def _dimensions() -> Iterator[tuple[str, bytes]]:
    yield "a PNG that says it is huge", bomb(60_000, 60_000)
    gif = picture("GIF")
    yield "a GIF that says so", gif[:6] + b"\xff\xff\xff\xff" + gif[10:]
    jpeg = picture("JPEG")
    size = jpeg.index(b"\xff\xc0") + 5
    yield "a JPEG that says so", jpeg[:size] + b"\xff\x00\xff\x00" + jpeg[size + 4 :]
    webp = picture("WEBP")
    yield "a WebP that says so", webp[:26] + b"\xff\x3f\xff\x3f" + webp[30:]
    for form in ("PNG", "JPEG", "GIF", "WEBP"):
        yield f"a {form} a row too large", picture(form, (SIDE, SIDE + 1))


def _largest() -> Iterator[tuple[str, bytes]]:
    """Pictures within all limits, a few kilobytes each, and turned on their sides."""
    for form in ("PNG", "JPEG", "WEBP"):
        options = {"exif": exif(6).tobytes(), "lossless": True}
        yield f"the largest {form}", picture(form, (SIDE, SIDE), **options)
    clear = io.BytesIO()
    image = Image.new("RGBA", (SIDE, SIDE), (9, 9, 9, 9))
    image.putpixel((0, 0), (0, 0, 0, 255))
    image.save(clear, "WEBP", lossless=True)
    yield "the largest WebP that is transparent", clear.getvalue()


def _broken() -> Iterator[tuple[str, bytes]]:
    for form in ("PNG", "JPEG", "GIF", "WEBP"):
        whole = picture(form, (1_000, 1_000))
        yield f"half a {form}", whole[: len(whole) // 2]
        yield f"a {form} with a page behind it", picture(form) + _PAGE
    yield "a GIF that is a script", b"GIF89a/*\x00\x00*/=1;alert(1)//"
    yield "a PNG's head before noise", png()[:33] + os.urandom(1_000_000)


def _inflated() -> Iterator[tuple[str, bytes]]:
    noise = Image.frombytes("RGB", (1_800, 1_800), os.urandom(1_800 * 1_800 * 3))
    small = io.BytesIO()
    noise.save(small, "JPEG", quality=95)
    yield "a JPEG of noise", small.getvalue()
    whole = png()
    text = b"zTXt" + b"a\0\0" + zlib.compress(bytes(60_000_000))
    chunk = (
        struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    )
    yield "a PNG with 60 MB of text", whole[:33] + chunk * 20 + whole[33:]
