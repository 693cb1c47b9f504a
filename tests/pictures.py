"""Small pictures for tests, some with hidden data that the server must not keep."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, PngImagePlugin

# A test looks for these bytes in every file that the server stored.
SECRET = b"taken-at-home-by-somebody"


def picture(form: str, size: tuple[int, int] = (8, 4), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, form, **options)
    return file.getvalue()


def png(width: int = 8, height: int = 4) -> bytes:
    return picture("PNG", (width, height))


def exif(orientation: int = 1) -> Image.Exif:
    """With a place: 52° 30' N, and a camera called SECRET."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = SECRET.decode()
    data.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    return data


def telling(form: str) -> bytes:
    """A picture with EXIF, GPS, a profile and a comment, as its format has them."""
    if form == "GIF":
        return picture(form, comment=SECRET)
    options: dict[str, Any] = {"exif": exif().tobytes(), "icc_profile": SECRET}
    if form == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", SECRET.decode())
    if form == "JPEG":
        options |= {"comment": SECRET, "xmp": SECRET}
    if form == "WEBP":
        options["xmp"] = SECRET
    return picture(form, **options)


def moving(form: str, frames: int = 3) -> bytes:
    file = io.BytesIO()
    colors = ("red", "green", "blue")
    images = [Image.new("RGB", (8, 8), colors[n % 3]) for n in range(frames)]
    images[0].save(
        file,
        form,
        save_all=True,
        append_images=images[1:],
        duration=[50 * (n + 1) for n in range(frames)],
        loop=0,
    )
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG whose header claims this size."""
    file = bytearray(png())
    file[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    file[29:33] = zlib.crc32(file[12:29]).to_bytes(4, "big")
    return bytes(file)


def many_frames(number: int) -> bytes:
    """A GIF of one pixel that changes its colour. Each frame takes 15 bytes."""
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\0\0" + b"\xff\0\0\0\0\xff"
    frame = b"," + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02"
    frames = frame + b"\x44\x01\0" + frame + b"\x4c\x01\0"
    return head + frames * (number // 2) + b";"
