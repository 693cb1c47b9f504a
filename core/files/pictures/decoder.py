"""Decodes one picture and encodes it anew, in a process that is there for it alone.

A decoder's bug or a decompression bomb ends that process and nothing else. Code that
breaks in through a picture finds no other picture there, no secret and no connection.
No other file uses Pillow. This one is loaded by its path and imports nothing of
Hubbub's.
"""

import io
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

# Without these imports Pillow would load all of its forty plugins to find WebP's.
from PIL import (
    GifImagePlugin,  # noqa: F401
    Image,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

THUMBNAIL_PIXELS = 480
AVATAR_PIXELS = 256
# Formats whose frames are kept. Of an animated PNG the first frame is.
_ANIMATED = {"GIF", "WEBP"}
# Metadata that is kept: a colour of the palette, and how long a frame is shown.
_KEPT = {"transparency", "duration"}


class Orders(NamedTuple):
    """The format that is wanted, and the limits."""

    # The formats that the picture may have: one, or several for a square.
    forms: list[str]
    pixels: int
    frames: int
    content_bytes: int


class Refused(Exception):
    """The picture is refused. Its text is one word, for the report."""


def decode(picture: IO[bytes], kept: Sequence[int], **orders: Any) -> dict[str, object]:
    """Write the new files and return the report.

    `kept` are their descriptors: of a picture and a thumbnail, or of a square.
    """
    try:
        report, made = _made(picture, Orders(**orders), is_square=len(kept) == 1)
    except MemoryError:
        return {"refused": "memory"}
    except Refused as refused:
        return {"refused": str(refused)}
    except Image.DecompressionBombError:
        return {"refused": "pixels"}
    except Exception:
        # A decoder raises anything at all for a broken file.
        return {"refused": "unreadable"}
    # Not inside the `try`: a full disk is not the picture's fault.
    for descriptor, content in zip(kept, made, strict=True):
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
    return report


def _made(
    picture: IO[bytes], orders: Orders, *, is_square: bool
) -> tuple[dict[str, object], list[bytes]]:
    """The report, and the contents of the new files."""
    frames, loop = _decoded(picture, orders, is_square=is_square)
    if is_square:
        fitted = ImageOps.fit(_showable(frames[0]), (AVATAR_PIXELS, AVATAR_PIXELS))
        return {}, [_webp(fitted, orders)]
    width, height = frames[0].size
    content = _encoded(frames, loop, orders)
    frames[0].thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    return {"width": width, "height": height}, [content, _webp(frames[0], orders)]


# --- Decoding ------------------------------------------------------------------------


def _decoded(
    picture: IO[bytes], orders: Orders, *, is_square: bool
) -> tuple[list[Image.Image], int | None]:
    """The frames, upright and without metadata, and how often they are repeated."""
    # A few bytes may ask for gigabytes. Before it decodes, Pillow compares the size in
    # the head with this number, and raises above twice as much.
    Image.MAX_IMAGE_PIXELS = (orders.pixels + 1) // 2
    # The file is closed before the frames are encoded, to free its own pixels.
    with Image.open(picture, formats=orders.forms) as image:
        loop = image.info.get("loop")
        shown = _frames(image, orders)
        is_still = is_square or image.format not in _ANIMATED
        frames = [frame.copy() for frame in ([next(shown)] if is_still else shown)]
    if len(frames) == 1:
        ImageOps.exif_transpose(frames[0], in_place=True)
    for frame in frames:
        # Pillow would write the rest into the new file: EXIF, comments, profiles.
        frame.info = {key: frame.info[key] for key in _KEPT & frame.info.keys()}
    return frames, loop


def _frames(image: Image.Image, orders: Orders) -> Iterator[Image.Image]:
    """One at a time, since each one is decoded. Raises Refused for too many."""
    # A GIF does not say how many frames it has: counting would read it to its end.
    if image.format != "GIF" and getattr(image, "n_frames", 1) > orders.frames:
        raise Refused("frames")
    pixels = 0
    for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
        if number > orders.frames:
            raise Refused("frames")
        pixels += frame.width * frame.height
        if pixels > orders.pixels:
            raise Refused("pixels")
        yield frame


# --- Encoding ------------------------------------------------------------------------


class _Output(io.BytesIO):
    """Raises Refused as soon as an encoder has written too much."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._most:
            raise Refused("bytes")
        return super().write(data)


def _encoded(frames: list[Image.Image], loop: int | None, orders: Orders) -> bytes:
    # The format that was asked for: many cameras write a JPEG that Pillow calls MPO.
    [form] = orders.forms
    options: dict[str, Any] = {"quality": 90} if form in {"JPEG", "WEBP"} else {}
    if len(frames) > 1:
        durations = [int(frame.info.get("duration", 100)) for frame in frames]
        options |= {"save_all": True, "append_images": frames[1:]}
        options |= {"duration": durations}
        # Without `loop` a GIF is shown once and a WebP for ever.
        options |= {} if loop is None else {"loop": loop}
    first = frames[0]
    if form == "JPEG" and first.mode not in {"L", "RGB"}:
        first = first.convert("RGB")
    return _saved(first, form, orders, **options)


def _webp(image: Image.Image, orders: Orders) -> bytes:
    return _saved(_showable(image), "WEBP", orders, quality=85)


def _showable(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _saved(image: Image.Image, form: str, orders: Orders, **options: Any) -> bytes:
    output = _Output(orders.content_bytes)
    image.save(output, form, **options)
    return output.getvalue()
