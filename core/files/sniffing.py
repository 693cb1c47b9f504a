"""The type of a file by its content, and the name that it may have.

The type that its sender gives is ignored, and the name never reaches the storage.
"""

import codecs
import mimetypes
import unicodedata
from pathlib import PurePosixPath
from typing import IO

import filetype
from django.conf import settings

from ..errors import Invalid
from ..text import normalised, strip_hidden

NAME_CHARACTERS = 200
TEXT = "text/plain"
UNKNOWN = "application/octet-stream"
# The only types that a browser is told; each of these files was made anew (pictures/).
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
    """The type of this content. Raises Invalid for a type that the server refuses."""
    file.seek(0)
    kind = filetype.guess_mime(file.read(_HEAD))
    if kind is None:
        # HTML and SVG count as text here, so that no browser shows them as a page.
        kind = TEXT if _is_text(file) else UNKNOWN
    file.seek(0)
    if kind not in settings.ATTACHMENT_TYPES:
        raise Invalid(fields={"file": ["Files of this type are not taken."]})
    return str(kind)


def _is_text(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            characters = set(decoder.decode(chunk)) - _TEXT_CONTROLS
            if any(unicodedata.category(one) == "Cc" for one in characters):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def clean_name(name: str, content_type: str) -> str:
    """The last part of a path, without invisible characters.

    A mark of direction would show "gnp.exe" as "exe.png". A picture gets the suffix of
    its type.
    """
    name = normalised("file", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = strip_hidden(name).strip(" .")
    suffix = PICTURES.get(content_type)
    if suffix and mimetypes.guess_type(name)[0] != content_type:
        name = (PurePosixPath(name).stem or "picture") + suffix
    # Cut before the suffix, by which programs know how to open the file.
    name = name or "file"
    suffix = PurePosixPath(name).suffix[:20]
    return name[: NAME_CHARACTERS - len(suffix)].removesuffix(suffix) + suffix
