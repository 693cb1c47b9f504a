"""Where the content of files is kept: a folder or S3, as the settings say.

A name is random and says nothing of what it names. Who asks for a file, and whose quota
it counts against, is decided by the callers.
"""

import logging
from typing import Literal

from django.core.files.base import File
from django.core.files.storage import default_storage

logger = logging.getLogger(__name__)

# Avatars are open to everybody who knows their name, so nothing else is among them.
Folder = Literal["attachments", "avatars", "exports"]


def save(folder: Folder, name: str, file: "File[bytes]") -> None:
    file.seek(0)
    default_storage.save(f"{folder}/{name}", file)


def opened(folder: Folder, name: str) -> "File[bytes]":
    """Raises FileNotFoundError."""
    return default_storage.open(f"{folder}/{name}")


def is_removed(folder: Folder, name: str) -> bool:
    """Remove the file, or log why it stays. A missing file counts as removed."""
    try:
        default_storage.delete(f"{folder}/{name}")
    except Exception:
        logger.exception("a file could not be removed: %s/%s", folder, name)
        return False
    return True
