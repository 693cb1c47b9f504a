"""Tables of the chat. `chat/log/append.py` alone writes messages and `Room.head_seq`."""

import secrets
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from core.ids import new_id

NAME_CHARACTERS = 80
TOPIC_CHARACTERS = 250


def new_epoch() -> str:
    return secrets.token_hex(4)


class Room(models.Model):
    """A conversation. `head_seq` is the number of its latest durable change.

    `epoch` names this history: it changes when a backup is restored, so that nobody
    continues from a number that now means something else.
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
    # Whether joining and leaving is a message that people see.
    notices = models.BooleanField(default=True)
    # At least so long between two messages of one member; moderators are exempt.
    slow_mode_seconds = models.PositiveIntegerField(default=0)
    # People without an account may read; they never write.
    guests_may_read = models.BooleanField(default=False)
    # #rrggbb, for clients that have no picture to show.
    color = models.CharField(max_length=7, blank=True)
    # The picture's name in the storage; see core/files/pictures/.
    avatar = models.CharField(max_length=64, blank=True, editable=False)
    # Messages older than this are deleted, but pinned ones; None keeps them for ever.
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Of a direct room: the ids of its two people, so that each pair has one.
    pair = models.CharField(max_length=73, null=True, unique=True, editable=False)  # noqa: DJ001 (NULL: not direct)
    head_seq = models.BigIntegerField(default=0, editable=False)
    epoch = models.CharField(max_length=8, default=new_epoch, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Of direct rooms and groups, once `people.load_people` has read them.
    people: list[User]

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
    """That a person belongs to a room, and as what."""

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
    # Up to where this person has read; never goes back by reading.
    read_seq = models.BigIntegerField(default=0)
    # What this person's devices should make a noise about.
    notify = models.CharField(max_length=8, choices=Notify.choices, default=Notify.ALL)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


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


class Ban(models.Model):
    """That a person may not come back into a room."""

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
    """A way into a room: for one person, or for whoever has the link's code.

    Of a code only the hash is kept. A link is used up when `uses` reaches `max_uses`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invitations")
    inviter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    # None: a link.
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
        """No salt: a code is random, nobody can guess what was hashed."""
        return sha256(code.encode()).hexdigest()


class Block(models.Model):
    """That a person does not want to hear from another."""

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


class StoredFile(models.Model):
    """That the storage holds a file, or is about to, and whose quota it counts against.

    Without an owner it counts for the server alone: an archive of somebody's data.
    """

    name = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="stored_files",
        # The index below begins with it.
        db_index=False,
    )
    bytes = models.BigIntegerField()

    class Meta:
        # With the bytes: adding up reads the index alone.
        indexes = [models.Index(fields=["owner", "bytes"], name="stored_file_owner")]

    def __str__(self) -> str:
        return self.name


class StoredTotal(models.Model):
    """What all files take together. One row, so that no upload adds up a table."""

    bytes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.bytes} bytes"


class ServerProcess(models.Model):
    """A process that has sockets; dead when it did not renew this in time."""

    id = models.CharField(primary_key=True, max_length=16)
    alive_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class Attendance(models.Model):
    """That a person has an open socket in a process."""

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


class Lease(models.Model):
    """That one process is at a piece of work; void when it was not renewed in time."""

    name = models.CharField(primary_key=True, max_length=64)
    holder = models.CharField(max_length=16)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """A person's own data in one archive: to be made, in the making, or there."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="export"
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    # Of the person's messages: how many are in it, of how many.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # The archive's name in the storage.
    file = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"data of {self.user}"


class Departure(models.Model):
    """That a person deleted their account. What is left to do is what is still there.

    The row stays for ever: it tells who is gone from who is only deactivated.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="departure"
    )
    deletes_messages = models.BooleanField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} is gone"
