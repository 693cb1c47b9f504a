"""Leases of work that one process does at a time."""

from django.db import models


class Lease(models.Model):
    """One process's hold on a piece of work; void when it was not renewed in time."""

    name = models.CharField(primary_key=True, max_length=64)
    holder = models.CharField(max_length=16)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
