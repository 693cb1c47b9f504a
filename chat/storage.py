"""Where the content of files is kept: a folder or S3, as the settings say.

A name is random and says nothing of what it names; the tables know. Content is put
before the row that names it and goes after the row is gone, so no row lacks its file.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction

logger = logging.getLogger(__name__)

# Avatars are open to whoever knows their name, so nothing else may be among them.
Folder = Literal["attachments", "avatars", "exports"]


@contextmanager
def put(folder: Folder, *contents: "bytes | File[bytes]") -> Iterator[list[str]]:
    """The new names. What the block raises takes the contents away again."""
    names: list[str] = []
    try:
        # Each as soon as it is there: the next one may fail.
        names.extend(_put(folder, content) for content in contents)
        yield names
    except BaseException:
        _remove(folder, *names)
        raise


def opened(folder: Folder, name: str) -> "File[bytes]":
    """Raises FileNotFoundError."""
    return default_storage.open(f"{folder}/{name}")


def remove_on_commit(folder: Folder, *names: str) -> None:
    """Empty names are of what was never there."""

    def remove() -> None:
        _remove(folder, *names)

    transaction.on_commit(remove)


def _put(folder: Folder, content: "bytes | File[bytes]") -> str:
    name = secrets.token_hex(16)
    file = ContentFile(content) if isinstance(content, bytes) else content
    file.seek(0)
    default_storage.save(f"{folder}/{name}", file)
    return name


def _remove(folder: Folder, *names: str) -> None:
    for name in filter(None, names):
        try:
            default_storage.delete(f"{folder}/{name}")
        except Exception:
            # What it was for is done, and no row names it any more.
            logger.exception("a file could not be removed: %s/%s", folder, name)
