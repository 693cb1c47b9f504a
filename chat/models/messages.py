"""A room's log: its messages, and what hangs on them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.ids import new_id

from .rooms import Room


class Messages(models.QuerySet["Message"]):
    def whole(self) -> "Messages":
        """With all that a payload shows, in as many queries however many rows."""
        related = self.select_related("sender")
        return related.prefetch_related("reactions", "attachments")


class Message(models.Model):
    """One row of a room's log: what a person wrote, or what happened to the room.

    `seq` is the number at which it was made and, with the room, its public identity;
    `rev` is the number of its latest change. Catching up from N is `rev > N`.
    """

    class Kind(models.TextChoices):
        USER = "user"
        SYSTEM = "system"

    class Level(models.TextChoices):
        NORMAL = "normal"
        WARNING = "warning"
        ALERT = "alert"

    # Two indexes begin with the room: one of its own would only slow down writing.
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.BigIntegerField()
    rev = models.BigIntegerField()
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.USER)
    level = models.CharField(max_length=7, choices=Level.choices, default=Level.NORMAL)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The sender's own key: the same key twice is one message, over both doors.
    client_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (NULL: none)
    body = models.TextField(blank=True)
    reply_to = models.BigIntegerField(null=True)
    mentions = models.JSONField(default=list)
    event = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    pinned_at = models.DateTimeField(null=True)

    objects = Messages.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="message_seq"),
            models.UniqueConstraint(
                fields=["room", "sender", "client_id"],
                condition=Q(client_id__isnull=False),
                name="message_client_id",
            ),
        ]
        indexes = [
            models.Index(fields=["room", "rev"], name="message_rev"),
            # Holds all that counting the unread messages looks at, and nothing that
            # does not count (chat/queries/rooms.py).
            models.Index(
                fields=["room", "seq", "sender"],
                condition=Q(kind="user", deleted_at=None),
                name="message_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"


def _unchecked(to: Any, *, null: bool = False) -> Any:
    """A key without an index, and so without the constraint, which would need it."""
    return models.ForeignKey(
        to,
        null=null,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class Mention(models.Model):
    """That a message means a person, or everybody in its room when `user` is None.

    `Message.mentions` says the same and is what clients are shown; these rows are there
    to be counted by an index. Besides `user` they repeat their message, go with it, and
    count for nobody when the person is deleted.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    user = _unchecked(settings.AUTH_USER_MODEL, null=True)
    room = _unchecked(Room)
    seq = models.BigIntegerField()
    sender = _unchecked(settings.AUTH_USER_MODEL, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "room", "seq", "sender"], name="mention_seq")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class Attachment(models.Model):
    """A file that was uploaded to a room, and the message that carries it.

    Without a message it is its uploader's alone, and goes away after a day.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="attachments")
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    # Of a picture, in pixels.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Names in the storage, which say nothing about what is in them.
    file = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.name


class Reaction(models.Model):
    """One person's one emoji on one message."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="reactions"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    emoji = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "user", "emoji"], name="reaction_once"
            )
        ]

    def __str__(self) -> str:
        return self.emoji
