"""Rows of the chat about a person, besides their account."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Block(models.Model):
    """One person's wish not to hear from another."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks"
    )
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "blocked"], name="block_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} does not hear {self.blocked}"


class ServerProcess(models.Model):
    """A process that has sockets; dead when it did not renew the row in time."""

    id = models.CharField(primary_key=True, max_length=16)
    alive_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class Attendance(models.Model):
    """A person's presence in a process, by at least one open socket."""

    process = models.ForeignKey(
        ServerProcess, on_delete=models.CASCADE, related_name="attendances"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attendances"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "user"], name="attendance_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.process}"


class Export(models.Model):
    """An archive of a person's own data: asked for, in the making, or ready."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="export"
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    # How many of the person's messages are in it, and how many there are.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # The archive's name in the storage.
    file = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"data of {self.user}"


class Departure(models.Model):
    """A person's deletion of their account, of which there may be work left to do.

    The row stays for ever, and tells a deleted account from one that is deactivated.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="departure"
    )
    deletes_messages = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} is gone"
