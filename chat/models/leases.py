"""Which process is at a piece of work."""

from django.db import models


class Lease(models.Model):
    """That one process is at a piece of work; void when it was not renewed in time."""

    name = models.CharField(primary_key=True, max_length=64)
    holder = models.CharField(max_length=16)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
