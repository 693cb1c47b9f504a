"""Files that people put into the storage, each counted against a quota.

The content is stored before the row that names it, and removed after that row is gone.
So no row ever lacks its file.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import ContentFile, File
from django.db import DatabaseError, transaction

from accounts.models import User
from core.files import storage
from core.files.storage import Folder

from . import quotas

logger = logging.getLogger(__name__)


@contextmanager
def put(
    folder: Folder, *contents: "bytes | File[bytes]", owner: User | None
) -> Iterator[list[str]]:
    """Store the contents and yield their new names; an exception removes them again.

    They count against the owner's quota and against the server's. Raises QuotaExceeded.
    Call it outside a transaction, which would hold up other uploads until it ends.
    """
    files = {
        secrets.token_hex(16): ContentFile(content)
        if isinstance(content, bytes)
        else content
        for content in contents
    }
    quotas.reserve({name: file.size for name, file in files.items()}, owner)
    names = list(files)
    try:
        for name, file in files.items():
            storage.save(folder, name, file)
        yield names
    except BaseException:
        _remove(folder, *names)
        raise


def remove_on_commit(folder: Folder, *names: str) -> None:
    """Remove the files once the transaction is committed. Empty names are ignored."""
    transaction.on_commit(lambda: _remove(folder, *names))


def _remove(folder: Folder, *names: str) -> None:
    """Remove the files; one that cannot be removed still counts against its quota."""
    gone = [name for name in names if name and storage.is_removed(folder, name)]
    if not gone:
        return
    try:
        quotas.release(gone)
    except DatabaseError as error:
        logger.warning("quotas: %s: files still count", type(error).__name__)
