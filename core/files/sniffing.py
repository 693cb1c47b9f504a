"""What a file is, by what is in it, and how it may be called.

What its sender says about it counts for nothing: the type that they give is not even
looked at, and the name never reaches the storage.
"""

import codecs
import mimetypes
import unicodedata
from pathlib import PurePosixPath
from typing import IO

import filetype
from django.conf import settings

from ..errors import Invalid
from ..text import normalised, seen

NAME_CHARACTERS = 200
TEXT = "text/plain"
UNKNOWN = "application/octet-stream"
# Only these are ever named to a browser; pictures/ has made each of them anew.
PICTURES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
}
_HEAD = 8_192
_CHUNK = 65_536
_TEXT_CONTROLS = frozenset("\t\n\f\r\x1b")


def content_type(file: IO[bytes]) -> str:
    """The type of this content. Raises Invalid for one that nobody may send."""
    found = _sniffed(file)
    file.seek(0)
    if found not in settings.ATTACHMENT_TYPES:
        raise Invalid(fields={"file": ["Files of this type are not taken."]})
    return found


def _sniffed(file: IO[bytes]) -> str:
    file.seek(0)
    if found := filetype.guess_mime(file.read(_HEAD)):
        return str(found)
    # HTML and SVG are text here, and so never shown by a browser.
    return TEXT if _is_text(file) else UNKNOWN


def _is_text(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            if _has_controls(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(one) == "Cc" for one in set(text) - _TEXT_CONTROLS)


def clean_name(name: str, content_type: str) -> str:
    """The last part of a path, without what deceives; a picture is called as one.

    A mark that turns the direction of text would show "gnp.exe" as "exe.png".
    """
    name = normalised("file", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = seen(name).strip(" .")
    suffix = PICTURES.get(content_type)
    if suffix and mimetypes.guess_type(name)[0] != content_type:
        name = (PurePosixPath(name).stem or "picture") + suffix
    return _cut(name or "file")


def _cut(name: str) -> str:
    """What says how to open it is at its end."""
    suffix = PurePosixPath(name).suffix[:20]
    return name[: NAME_CHARACTERS - len(suffix)].removesuffix(suffix) + suffix
