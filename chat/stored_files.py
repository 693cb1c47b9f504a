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
from django.db import DatabaseError, transaction

from accounts.models import User

from . import quotas

logger = logging.getLogger(__name__)

# Avatars are open to whoever knows their name, so nothing else may be among them.
Folder = Literal["attachments", "avatars", "exports"]


@contextmanager
def put(
    folder: Folder, *contents: "bytes | File[bytes]", owner: User | None
) -> Iterator[list[str]]:
    """The new names. What the block raises takes the contents away again.

    They count against the owner's quota, and against the server's. Raises
    QuotaExceeded. Not for the middle of a transaction, which would hold up other
    uploads until it ends.
    """
    files = {secrets.token_hex(16): _file(content) for content in contents}
    quotas.reserve({name: file.size for name, file in files.items()}, owner)
    names = list(files)
    try:
        for name, file in files.items():
            file.seek(0)
            default_storage.save(f"{folder}/{name}", file)
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


def _file(content: "bytes | File[bytes]") -> "File[bytes]":
    return ContentFile(content) if isinstance(content, bytes) else content


def _remove(folder: Folder, *names: str) -> None:
    """What was never stored is removed too: that is nothing."""
    gone = [name for name in names if name and _is_removed(folder, name)]
    if not gone:
        return
    try:
        quotas.release(gone)
    except DatabaseError as error:
        logger.warning("quotas: %s: files still count", type(error).__name__)


def _is_removed(folder: Folder, name: str) -> bool:
    try:
        default_storage.delete(f"{folder}/{name}")
    except Exception:
        # What it was for is done, and no row names it any more. It still counts.
        logger.exception("a file could not be removed: %s/%s", folder, name)
        return False
    return True
