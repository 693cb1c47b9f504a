"""The message as the tutorials store it.

Its attributes name their types, because mypy reads Hubbub's settings, which do not
install this app.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models


class Message(models.Model):
    room: models.CharField[str, str] = models.CharField(max_length=100)
    username: models.CharField[str, str] = models.CharField(max_length=150)
    content: models.TextField[str, str] = models.TextField()
    timestamp: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    class Meta:
        app_label = "naive"
        ordering = ("timestamp",)

    def __str__(self) -> str:
        return f"{self.username} in {self.room}"
