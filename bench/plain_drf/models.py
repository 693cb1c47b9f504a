"""Rooms, their members and messages.

Attributes name their types, because mypy reads Hubbub's settings, which do not install
this app.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models


class Room(models.Model):
    name: models.CharField[str, str] = models.CharField(max_length=80)
    topic: models.CharField[str, str] = models.CharField(max_length=250)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )

    objects: ClassVar[models.Manager[Room]] = models.Manager()

    class Meta:
        app_label = "plain"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    room: Any = models.ForeignKey(Room, models.CASCADE, related_name="members")
    user: Any = models.ForeignKey("auth.User", models.CASCADE, related_name="seats")
    role: models.CharField[str, str] = models.CharField(max_length=9, default="member")
    joined_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )

    objects: ClassVar[models.Manager[Member]] = models.Manager()

    class Meta:
        app_label = "plain"
        ordering = ("user__username",)

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class Message(models.Model):
    room: Any = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    sender: Any = models.ForeignKey("auth.User", models.CASCADE, related_name="sent")
    body: models.TextField[str, str] = models.TextField()
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )
    edited_at: models.DateTimeField[datetime | None, datetime | None] = (
        models.DateTimeField(null=True)
    )

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    class Meta:
        app_label = "plain"
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["room", "id"])]

    def __str__(self) -> str:
        return self.body
