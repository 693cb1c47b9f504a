"""The program that decodes one picture and makes it anew; process.py runs it.

It is a process of its own, for one picture. A bug in a decoder or a bomb ends this
process and nothing else, and code that breaks in through a picture finds no other
picture here, no secret and no connection. This file alone knows Pillow, and it imports
nothing of Hubbub's: Python starts it by its path.

The picture is standard input, the report is standard output, and what is kept goes to
the two files that the orders name.
"""

# ruff: noqa: E402

import os

# What the chat does for others goes first. Before all else: of a small picture most of
# the work is starting.
os.nice(19)

import ctypes
import io
import json
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

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
# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1


class Orders(NamedTuple):
    """What is wanted, and the limits."""

    # The format that the picture must have. A square is made of any of several.
    forms: list[str]
    pixels: int
    frames: int
    content_bytes: int
    memory_bytes: int
    cpu_seconds: int
    seconds: int
    parent: int
    # The descriptors for the picture and its thumbnail, or for a square.
    kept: list[int]

    @property
    def is_square(self) -> bool:
        return len(self.kept) == 1


class Refused(Exception):
    """Its text is one word, for the report."""


def main() -> None:
    orders = Orders(**json.loads(sys.argv[1]))
    confine(orders)
    try:
        report, kept = _made(orders)
    except MemoryError:
        report, kept = {"refused": "memory"}, {}
    except Refused as refused:
        report, kept = {"refused": str(refused)}, {}
    except Image.DecompressionBombError:
        report, kept = {"refused": "pixels"}, {}
    except Exception:
        # The decoders raise whatever they stumble over.
        report, kept = {"refused": "unreadable"}, {}
    # Outside: a full disk is not the picture's fault, and ends this with a traceback.
    kept[1] = json.dumps(report).encode()
    for descriptor, content in kept.items():
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)


def confine(orders: Orders) -> None:
    """Give up what a picture could abuse."""
    # Sent by the kernel, whatever the decoder is at: the parent may not be there to
    # do it, or be stuck.
    signal.alarm(orders.seconds)
    _die_with(orders.parent)
    # The second number has the kernel send SIGKILL, the first one SIGXCPU, which says
    # what it was.
    resource.setrlimit(
        resource.RLIMIT_CPU, (orders.cpu_seconds, orders.cpu_seconds + 1)
    )
    _limit(resource.RLIMIT_FSIZE, orders.content_bytes)
    # A core dump would hold somebody's picture.
    _limit(resource.RLIMIT_CORE, 0)
    # macOS may refuse it: memory is then bounded by the limit on pixels alone.
    with suppress(ValueError, OSError):
        _limit(resource.RLIMIT_AS, orders.memory_bytes)
    # When a container or the machine has no memory left, Linux ends this process first.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _die_with(parent: int) -> None:
    """Linux ends a child whose parent is gone; elsewhere the alarm does, later."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have gone before that.
    if os.getppid() != parent:
        sys.exit("the parent is gone")


def _made(orders: Orders) -> tuple[dict[str, object], dict[int, bytes]]:
    """The report, and what to keep in which descriptor."""
    frames, loop = _decoded(orders)
    if orders.is_square:
        fitted = ImageOps.fit(_showable(frames[0]), (AVATAR_PIXELS, AVATAR_PIXELS))
        return {}, {orders.kept[0]: _webp(fitted, orders)}
    width, height = frames[0].size
    content = _encoded(frames, loop, orders)
    frames[0].thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    made = [content, _webp(frames[0], orders)]
    return {"width": width, "height": height}, dict(zip(orders.kept, made, strict=True))


# --- Decoding ------------------------------------------------------------------------


def _decoded(orders: Orders) -> tuple[list[Image.Image], int | None]:
    """The frames, upright and bare, and how often they are shown."""
    # A few bytes may ask for gigabytes: Pillow looks at what the head says before it
    # decodes anything, and raises above twice this number.
    Image.MAX_IMAGE_PIXELS = (orders.pixels + 1) // 2
    # What was opened is closed first, so that its pixels are not there twice.
    with Image.open(sys.stdin.buffer, formats=orders.forms) as image:
        loop = image.info.get("loop")
        frames = [frame.copy() for frame in _frames(image, orders)]
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
        if image.format not in _MOVING or orders.is_square:
            return


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


if __name__ == "__main__":
    main()
