"""Decodes one picture and makes it anew, in the process that nursery.py forked for it.

A bug in a decoder or a bomb ends that process and nothing else, and code that breaks in
through a picture finds no other picture there, no secret and no connection. This file
alone knows Pillow. It imports nothing of Hubbub's: it is loaded by its path.
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
# Of an animated PNG the first frame stays.
_MOVING = {"GIF", "WEBP"}


class Orders(NamedTuple):
    """What is wanted, and the limits."""

    # The format that the picture must have. A square is made of any of several.
    forms: list[str]
    pixels: int
    frames: int
    content_bytes: int


class Refused(Exception):
    """Its text is one word, for the report."""


def decode(picture: IO[bytes], kept: Sequence[int], **orders: Any) -> dict[str, object]:
    """The report. `kept` are descriptors: of a picture and a thumbnail, or a square."""
    try:
        report, made = _made(picture, Orders(**orders), is_square=len(kept) == 1)
    except MemoryError:
        return {"refused": "memory"}
    except Refused as refused:
        return {"refused": str(refused)}
    except Image.DecompressionBombError:
        return {"refused": "pixels"}
    except Exception:
        # The decoders raise whatever they stumble over.
        return {"refused": "unreadable"}
    # A full disk is not the picture's fault: what is raised here is not caught.
    for descriptor, content in zip(kept, made, strict=True):
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
    return report


def _made(
    picture: IO[bytes], orders: Orders, *, is_square: bool
) -> tuple[dict[str, object], list[bytes]]:
    """The report, and what is kept."""
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
    """The frames, upright and bare, and how often they are shown."""
    # A few bytes may ask for gigabytes: Pillow looks at what the head says before it
    # decodes anything, and raises above twice this number.
    Image.MAX_IMAGE_PIXELS = (orders.pixels + 1) // 2
    # What was opened is closed first, so that its pixels are not there twice.
    with Image.open(picture, formats=orders.forms) as image:
        loop = image.info.get("loop")
        shown = _frames(image, orders)
        is_still = is_square or image.format not in _MOVING
        frames = [frame.copy() for frame in ([next(shown)] if is_still else shown)]
    if len(frames) == 1:
        ImageOps.exif_transpose(frames[0], in_place=True)
    return [_bare(frame) for frame in frames], loop


def _frames(image: Image.Image, orders: Orders) -> Iterator[Image.Image]:
    """One at a time, and no more of them than may be: each one is decoded."""
    # A GIF does not say how many it has, and would be read to its end to be counted.
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


def _bare(image: Image.Image) -> Image.Image:
    """Pillow writes back some of what it found in the file: EXIF, comments, profiles.

    `transparency` is a colour of the palette, `duration` that of a frame.
    """
    kept = {"transparency", "duration"}
    image.info = {key: image.info[key] for key in kept & image.info.keys()}
    return image


# --- Encoding ------------------------------------------------------------------------


class _Output(io.BytesIO):
    """Stops an encoder as soon as it has written too much."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._most:
            raise Refused("bytes")
        return super().write(data)


def _encoded(frames: list[Image.Image], loop: int | None, orders: Orders) -> bytes:
    # Not what the file calls itself: many cameras write a JPEG that holds several.
    [form] = orders.forms
    options: dict[str, Any] = {"quality": 90} if form in {"JPEG", "WEBP"} else {}
    if len(frames) > 1:
        durations = [int(frame.info.get("duration", 100)) for frame in frames]
        options |= {"save_all": True, "append_images": frames[1:]}
        options |= {"duration": durations}
        # Without it a GIF is shown once; a WebP for ever.
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
