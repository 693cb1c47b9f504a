"""The content of the storage, as the quota counts it and as the disk does."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.db.models import Sum

from chat import quotas
from chat.models import StoredFile, StoredTotal

KIB = 1024


def file(size: int) -> "ContentFile[bytes]":
    return ContentFile(b"x" * size, "notes.txt")


def total() -> int:
    found = StoredTotal.objects.first()
    counted = StoredFile.objects.aggregate(bytes=Sum("bytes"))["bytes"] or 0
    assert (found.bytes if found else 0) == counted
    return counted


def on_disk(here: Path) -> int:
    """As the quota counts: in whole blocks."""
    sizes = [path.stat().st_size for path in here.rglob("*") if path.is_file()]
    return sum(-(-size // quotas.BLOCK) * quotas.BLOCK for size in sizes)
