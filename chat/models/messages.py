"""A room's log: its messages, with their mentions, files and reactions."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.ids import new_id

from .rooms import Room


class Messages(models.QuerySet["Message"]):
    def whole(self) -> "Messages":
        """With all that a payload shows, in a fixed number of queries."""
        related = self.select_related("sender")
        return related.prefetch_related("reactions", "attachments")


class Message(models.Model):
    """One row of a room's log: a person's message, or an event of the room.

    `seq` is the number at which the message was made and, with the room, its public
    identity. `rev` is the number of its latest change, so catching up from N reads the
    rows with `rev > N`.
    """

    class Kind(models.TextChoices):
        USER = "user"
        SYSTEM = "system"

    class Level(models.TextChoices):
        NORMAL = "normal"
        WARNING = "warning"
        ALERT = "alert"

    # Two indexes begin with the room; a third one would only slow down writing.
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
            # Unread messages are counted in this index alone: it has all columns for it
            # and no rows that do not count (chat/queries/rooms.py).
            models.Index(
                fields=["room", "seq", "sender"],
                condition=Q(kind="user", deleted_at=None),
                name="message_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"


def _unchecked(to: Any, *, null: bool = False) -> Any:
    """A key without an index, and without the constraint, which would need one."""
    return models.ForeignKey(
        to,
        null=null,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class Mention(models.Model):
    """A mention of a person, or of everybody in the room when `user` is None.

    `Message.mentions` says the same and is shown to clients; these rows let an index
    count. All columns but `user` repeat the message, and the rows go with it. The rows
    of a deleted person count for nobody.
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

    A file without a message is its uploader's alone, and is deleted after a day.
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
    # Pixels; of a picture alone.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    # Random names in the storage.
    file = models.CharField(max_length=64)
    thumbnail = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.name


class Reaction(models.Model):
    """One emoji of one person on one message."""

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
