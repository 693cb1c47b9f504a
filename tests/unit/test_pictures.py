"""Pictures: the same to look at, and nothing else kept; what is none is refused."""

import io
from typing import NamedTuple

import pytest
from PIL import Image

from core.errors import Invalid, TooLong
from core.files import pictures
from core.files.pictures import FORMATS, made_anew, square
from core.limits.table import LIMITS
from tests.pictures import (
    SECRET,
    bomb,
    exif,
    many_frames,
    moving,
    picture,
    png,
    telling,
)


class Made(NamedTuple):
    content: bytes
    thumbnail: bytes
    width: int
    height: int


def anew(content: bytes, content_type: str = "image/png") -> Made:
    with made_anew(io.BytesIO(content), content_type) as found:
        made = found.content.read()
        assert len(made) == found.size
        return Made(made, found.thumbnail.read(), found.width, found.height)


def squared(content: bytes) -> bytes:
    with square(io.BytesIO(content)) as found:
        return bytes(found.read())


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(("content_type", "form"), FORMATS.items())
def test_a_new_picture_holds_no_metadata(content_type: str, form: str) -> None:
    before = telling(form)
    assert SECRET in before
    found = anew(before, content_type)
    for kept in (found.content, found.thumbnail):
        assert SECRET not in kept
        assert not opened(kept).getexif()
        assert not {"icc_profile", "xmp", "comment", "exif"} & opened(kept).info.keys()
    assert opened(found.content).format == form
    assert (found.width, found.height) == opened(found.content).size == (8, 4)


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/webp", "image/png"])
def test_a_new_picture_does_not_tell_where_it_was_taken(content_type: str) -> None:
    before = picture(FORMATS[content_type], exif=exif().tobytes())
    assert opened(before).getexif().get_ifd(0x8825)
    after = opened(anew(before, content_type).content)
    assert not after.getexif().get_ifd(0x8825)


def test_a_picture_that_lies_on_its_side_is_turned() -> None:
    found = anew(picture("JPEG", exif=exif(6).tobytes()), "image/jpeg")
    assert (found.width, found.height) == (4, 8)
    assert opened(found.content).size == (4, 8)


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_an_animated_picture_stays_animated(form: str) -> None:
    content_type = {form: kind for kind, form in FORMATS.items()}[form]
    after = opened(anew(moving(form), content_type).content)
    assert getattr(after, "n_frames", 1) == 3
    shown = []
    for frame in range(3):
        after.seek(frame)
        after.load()
        shown.append(after.info["duration"])
    assert shown == [50, 100, 150]
    assert after.info["loop"] == 0


def test_a_transparent_picture_stays_transparent() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(file, "PNG")
    found = anew(file.getvalue())
    for kept in (found.content, found.thumbnail):
        assert opened(kept).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]  # RGBA


def test_a_picture_in_cmyk_becomes_rgb() -> None:
    file = io.BytesIO()
    Image.new("CMYK", (4, 4)).save(file, "JPEG")
    assert opened(anew(file.getvalue(), "image/jpeg").content).mode == "RGB"


@pytest.mark.parametrize(
    ("size", "small"), [((960, 480), (480, 240)), ((10, 20), (10, 20))]
)
def test_a_thumbnail_has_a_largest_size(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    found = anew(png(*size))
    assert (found.width, found.height) == size
    assert opened(found.thumbnail).size == small
    assert opened(found.thumbnail).format == "WEBP"


@pytest.mark.parametrize("content", [png(600, 300), png(3, 9), moving("GIF")])
def test_avatar_is_square(content: bytes) -> None:
    found = opened(squared(content))
    assert (found.size, found.format) == ((256, 256), "WEBP")


HEAD = png()[:8]
BROKEN = {
    "a truncated PNG": (png(200, 200)[:-40], "image/png"),
    "a head and no more": (HEAD, "image/png"),
    "a head and a page": (HEAD + b"<script>alert(1)</script>", "image/png"),
    "a GIF that is a script": (b"GIF89a/*\x00\x00*/=1;alert(1)//", "image/gif"),
    "another format": (picture("JPEG"), "image/png"),
    "half a JPEG": (picture("JPEG", (300, 300))[:400], "image/jpeg"),
    "half a WebP": (picture("WEBP", (300, 300))[:40], "image/webp"),
    "nothing": (b"", "image/png"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_decoded_is_invalid(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        anew(*BROKEN[kind])
    assert set(refused.value.fields or {}) == {"file"}


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"<svg onload=alert(1)>", picture("BMP"), picture("TIFF")]
)
def test_avatar_of_another_type_is_invalid(content: bytes) -> None:
    with pytest.raises(Invalid):
        squared(content)


def test_data_that_hides_behind_a_picture_is_gone() -> None:
    found = anew(png() + b"<script>alert(1)</script>PK\x03\x04")
    assert b"script" not in found.content + found.thumbnail


# --- Limits --------------------------------------------------------------------------


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(pictures, "LIMITS", type(LIMITS)(**limits))


@pytest.mark.parametrize("side", [4_001, 5_657, 8_000, 20_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    """Its head says how large it is, and nothing else is in it."""
    assert side * side > LIMITS.image_pixels
    content = bomb(side, side)
    for decode in (anew, squared):
        with pytest.raises(TooLong, match="pixels"):
            decode(content)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_format_has_the_limit_of_pixels(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, image_pixels=8 * 4)
    content_type = {form: kind for kind, form in FORMATS.items()}[form]
    anew(picture(form), content_type)
    with pytest.raises(TooLong, match="pixels"):
        anew(picture(form, (9, 4)), content_type)


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_pixels_of_all_frames_count(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, image_pixels=8 * 8 * 3 - 1)
    content_type = {form: kind for kind, form in FORMATS.items()}[form]
    with pytest.raises(TooLong, match="pixels"):
        anew(moving(form), content_type)
    anew(moving(form, 2), content_type)
    # An avatar is the first frame.
    squared(moving(form))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_frames_are_limited(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, image_frames=3)
    content_type = {form: kind for kind, form in FORMATS.items()}[form]
    anew(moving(form, 3), content_type)
    with pytest.raises(TooLong, match="frames"):
        anew(moving(form, 4), content_type)


def test_a_gif_of_300_frames_keeps_them_all() -> None:
    assert opened(anew(many_frames(300), "image/gif").content).n_frames == 300  # type: ignore[attr-defined]  # GIF


def test_a_gif_of_100_000_frames_is_not_read_to_its_end() -> None:
    """It was decoded in 8 s and 320 MiB, and what was stored was 2.5 times as large."""
    with pytest.raises(TooLong, match="frames"):
        anew(many_frames(100_000), "image/gif")


def test_a_picture_that_grows_too_large_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 100).save(noise, "PNG")
    limited(monkeypatch, attachment_bytes=3_000, avatar_bytes=1_000)
    for decode in (anew, squared):
        with pytest.raises(TooLong, match="bytes"):
            decode(noise.getvalue())


def test_a_photo_of_12_megapixels_that_lies_on_its_side() -> None:
    photo = picture("JPEG", (4_000, 3_000), exif=exif(6).tobytes())
    found = anew(photo, "image/jpeg")
    assert (found.width, found.height) == (3_000, 4_000)
    assert opened(found.thumbnail).size == (360, 480)


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_the_largest_pictures_fit_into_memory(form: str) -> None:
    content_type = {form: kind for kind, form in FORMATS.items()}[form]
    found = anew(picture(form, (4_000, 4_000)), content_type)
    assert (found.width, found.height) == (4_000, 4_000)


def test_colours_of_a_palette_may_be_transparent() -> None:
    file = io.BytesIO()
    image = Image.new("P", (4, 4), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.save(file, "PNG", transparency=1)
    found = anew(file.getvalue())
    for kept in (found.content, found.thumbnail):
        assert opened(kept).convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]  # RGBA
