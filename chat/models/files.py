"""What the storage holds, and whose quota it counts against."""

from django.conf import settings
from django.db import models


class StoredFile(models.Model):
    """That the storage holds a file, or is about to, and whose quota it counts against.

    Without an owner it counts for the server alone: an archive of somebody's data.
    """

    name = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="stored_files",
        # The index below begins with it.
        db_index=False,
    )
    bytes = models.BigIntegerField()

    class Meta:
        # With the bytes: adding up reads the index alone.
        indexes = [models.Index(fields=["owner", "bytes"], name="stored_file_owner")]

    def __str__(self) -> str:
        return self.name


class StoredTotal(models.Model):
    """What all files take together. One row, so that no upload adds up a table."""

    bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.bytes} bytes"
