"""The files that are stored."""

from django.core.files.storage import default_storage


def stored(folder: str = "attachments") -> set[str]:
    if not default_storage.exists(folder):
        return set()
    return set(default_storage.listdir(folder)[1])
