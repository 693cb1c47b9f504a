"""How far each follower of the log has come, and the mentions that may become mails."""

from typing import Any

from django.conf import settings
from django.db import models

from .messages import Message
from .rooms import Room


class FollowerStart(models.Model):
    """When a follower began. A room without a cursor was made after that moment."""

    follower = models.CharField(primary_key=True, max_length=32)
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.follower


def _unconstrained(to: Any, related_name: str) -> Any:
    """A key that the database does not check, and that has no index of its own.

    The check would lock the row that is pointed to, and a follower must never hold up
    the person who deletes it. A row that is left over by such a race does no harm.
    """
    return models.ForeignKey(
        to,
        on_delete=models.CASCADE,
        related_name=related_name,
        db_index=False,
        db_constraint=False,
    )


class Cursor(models.Model):
    """Up to which `rev` of a room's log a follower has delivered, in which epoch."""

    follower = models.CharField(max_length=32)
    room = _unconstrained(Room, "cursors")
    epoch = models.CharField(max_length=8)
    rev = models.BigIntegerField(default=0)
    # Deliveries that failed since the last one that worked, and when to try again.
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "follower"], name="cursor_once")
        ]

    def __str__(self) -> str:
        return f"{self.follower} at {self.room_id}/{self.rev}"


class MentionMail(models.Model):
    """A mention by name that the person may get a mail about; each is decided once.

    The row outlives the decision, so that a message that the follower delivers again
    is not mailed again.
    """

    message = _unconstrained(Message, "+")
    user = _unconstrained(settings.AUTH_USER_MODEL, "+")
    due_at = models.DateTimeField()
    # When it was decided, and when the mail went out if there was one.
    settled_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "user"], name="mention_mail_once"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="mention_mail_due"),
            models.Index(fields=["user", "mailed_at"], name="mention_mail_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} about {self.message_id}"
