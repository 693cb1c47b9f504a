"""The content of files, in a folder or in S3 as the settings say.

A name is random and tells nothing about the file. The callers decide who may open a
file, and whose quota it counts against.
"""

import logging
from typing import Literal

from django.core.files.base import File
from django.core.files.storage import default_storage

logger = logging.getLogger(__name__)

# Everybody who knows the name of an avatar may open it, so they have their own folder.
Folder = Literal["attachments", "avatars", "exports"]


def save(folder: Folder, name: str, file: "File[bytes]") -> None:
    file.seek(0)
    default_storage.save(f"{folder}/{name}", file)


def opened(folder: Folder, name: str) -> "File[bytes]":
    """Raises FileNotFoundError."""
    return default_storage.open(f"{folder}/{name}")


def is_removed(folder: Folder, name: str) -> bool:
    """Whether the file is gone now. If it cannot be removed, the log says why."""
    try:
        default_storage.delete(f"{folder}/{name}")
    except Exception:
        logger.exception("a file could not be removed: %s/%s", folder, name)
        return False
    return True
