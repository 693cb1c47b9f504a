"""Rooms, with their members, bans and invitations."""

import secrets
from hashlib import sha256

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from core.ids import new_id

NAME_CHARACTERS = 80
TOPIC_CHARACTERS = 250


def new_epoch() -> str:
    return secrets.token_hex(4)


class Room(models.Model):
    """A conversation. `head_seq` is the number of its latest durable change.

    `epoch` names this history. It changes when a backup is restored, so that no client
    goes on from a number that now means something else.
    """

    class Kind(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"
        DIRECT = "direct"
        GROUP = "group"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PUBLIC)
    name = models.CharField(max_length=NAME_CHARACTERS, blank=True)
    topic = models.CharField(max_length=TOPIC_CHARACTERS, blank=True)
    staff_only = models.BooleanField(default=False)
    # Only owners and moderators write.
    announcements_only = models.BooleanField(default=False)
    # Whether people see messages about joining and leaving.
    notices = models.BooleanField(default=True)
    # The least time between two messages of one member; moderators are exempt.
    slow_mode_seconds = models.PositiveIntegerField(default=0)
    # People without an account may read; they never write.
    guests_may_read = models.BooleanField(default=False)
    # #rrggbb, for clients that have no picture to show.
    color = models.CharField(max_length=7, blank=True)
    # The picture's name in the storage; see core/files/pictures/.
    avatar = models.CharField(max_length=64, blank=True, editable=False)
    # Older messages are deleted unless they are pinned; None keeps all for ever.
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # The ids of a direct room's two people, so that each pair has one room.
    pair = models.CharField(max_length=73, null=True, unique=True, editable=False)  # noqa: DJ001 (NULL: not direct)
    head_seq = models.BigIntegerField(default=0, editable=False)
    epoch = models.CharField(max_length=8, default=new_epoch, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                # Staff-only rooms have names of their own: a name that is taken would
                # tell everybody else that there is such a room.
                "staff_only",
                condition=Q(kind="public"),
                name="room_public_name",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)


class Membership(models.Model):
    """A person's membership of a room, and their role in it."""

    class Role(models.TextChoices):
        OWNER = "owner"
        MODERATOR = "moderator"
        MEMBER = "member"

    class Notify(models.TextChoices):
        ALL = "all"
        MENTIONS = "mentions"
        NONE = "none"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.MEMBER)
    muted_until = models.DateTimeField(null=True, blank=True)
    # The number up to which this person has read; reading never lowers it.
    read_seq = models.BigIntegerField(default=0)
    # The messages for which this person's devices make a noise.
    notify = models.CharField(max_length=8, choices=Notify.choices, default=Notify.ALL)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class Ban(models.Model):
    """A person's ban from a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="bans")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="ban_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} out of {self.room}"


class Invitation(models.Model):
    """A way into a room, for one person or for anybody with the code of a link.

    Only the hash of a code is kept. A link is used up when `uses` reaches `max_uses`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invitations")
    inviter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    # None for a link.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="invitations",
    )
    code_hash = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 (NULL: for a person)
    max_uses = models.PositiveIntegerField(null=True)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "person"], name="invitation_once")
        ]

    def __str__(self) -> str:
        return f"into {self.room}"

    @staticmethod
    def hash_of(code: str) -> str:
        """Without a salt: a code is random, so nobody can guess it from its hash."""
        return sha256(code.encode()).hexdigest()
