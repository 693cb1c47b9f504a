"""Pictures: decoded and made anew, so that nothing is kept but what one sees.

Where they were taken, with what, by whom, and whatever else was in the file is gone
with it. The only module that knows Pillow. Its work is long: never on the event loop.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

from PIL import Image, ImageOps, ImageSequence

from .errors import Invalid, Refusal, TooLong
from .limits import LIMITS

THUMBNAIL_PIXELS = 480
AVATAR_PIXELS = 256
AVATAR_TYPE = "image/webp"
FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
}
# Of an animated PNG the first frame stays.
_MOVING = {"GIF", "WEBP"}
# A few bytes may ask for gigabytes. Pillow looks at this before it decodes anything;
# its warning, from here on, and its error, from twice as much, are both errors.
Image.MAX_IMAGE_PIXELS = LIMITS.image_pixels
warnings.simplefilter("error", Image.DecompressionBombWarning)
# A large picture takes 160 MB while it is open.
_few = threading.BoundedSemaphore(2)


class Picture(NamedTuple):
    content: bytes
    thumbnail: bytes
    width: int
    height: int


def made_anew(file: IO[bytes], content_type: str) -> Picture:
    """The same picture, upright, and a small one. Raises Invalid or TooLong."""
    form = FORMATS[content_type]
    with _opened(file, [form]) as image:
        frames = _frames(image) if form in _MOVING else [_upright(image)]
        width, height = frames[0].size
        content = _encoded(frames, form, loop=image.info.get("loop"))
        frames[0].thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        return Picture(content, _webp(frames[0]), width, height)


def square(file: IO[bytes]) -> bytes:
    """The middle of a picture, for an avatar. Raises Invalid or TooLong."""
    with _opened(file, list(FORMATS.values())) as image:
        size = (AVATAR_PIXELS, AVATAR_PIXELS)
        return _webp(ImageOps.fit(_showable(_upright(image)), size))


@contextmanager
def _opened(file: IO[bytes], forms: list[str]) -> Iterator[Image.Image]:
    file.seek(0)
    try:
        with _few, Image.open(file, formats=forms) as image:
            _check_pixels(image)
            yield image
    except Refusal:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except Exception:
        # Its decoders raise whatever they stumble over.
        raise Invalid(fields={"file": ["This is no picture that can be read."]}) from (
            None
        )


def _check_pixels(image: Image.Image) -> None:
    """Of all frames together: each one is decoded."""
    frames = getattr(image, "n_frames", 1) if image.format in _MOVING else 1
    if image.width * image.height * frames > LIMITS.image_pixels:
        raise _too_large()


def _too_large() -> TooLong:
    return TooLong(f"A picture has at most {LIMITS.image_pixels} pixels.")


def _upright(image: Image.Image) -> Image.Image:
    return _bare(ImageOps.exif_transpose(image))


def _frames(image: Image.Image) -> list[Image.Image]:
    if getattr(image, "n_frames", 1) == 1:
        return [_upright(image)]
    return [_bare(frame.copy()) for frame in ImageSequence.Iterator(image)]


def _bare(image: Image.Image) -> Image.Image:
    """Pillow writes back some of what it found in the file: EXIF, comments, profiles.

    `transparency` is a colour of the palette, `duration` that of a frame.
    """
    kept = {"transparency", "duration"}
    image.info = {key: image.info[key] for key in kept & image.info.keys()}
    return image


def _encoded(frames: list[Image.Image], form: str, *, loop: int | None) -> bytes:
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
    return _saved(first, form, **options)


def _webp(image: Image.Image) -> bytes:
    return _saved(_showable(image), "WEBP", quality=85)


def _showable(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    found = io.BytesIO()
    image.save(found, form, **options)
    return found.getvalue()
