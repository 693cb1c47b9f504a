"""Files in the storage, and the quotas that they count against."""

from django.conf import settings
from django.db import models


class StoredFile(models.Model):
    """A file that the storage holds or is about to hold, and whose quota it takes.

    A file without an owner, an archive of somebody's data, counts for the server alone.
    """

    name = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="stored_files",
        # The index below begins with the owner.
        db_index=False,
    )
    bytes = models.BigIntegerField()

    class Meta:
        # With the bytes, so that adding up reads the index alone.
        indexes = [models.Index(fields=["owner", "bytes"], name="stored_file_owner")]

    def __str__(self) -> str:
        return self.name


class StoredTotal(models.Model):
    """The size of all files together: one row, so that no upload adds up a table."""

    bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.bytes} bytes"
