"""People, the sessions that they logged in with, and the tickets that were used."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from core.audit import Event, record_committed
from core.bus.envelopes import Audience
from core.ids import new_id

USERNAME_CHARACTERS = 32
DISPLAY_NAME_CHARACTERS = 64
STATUS_CHARACTERS = 100
EMAIL_CHARACTERS = 254
# Of a password as it is typed, so that nobody has a megabyte of text hashed.
PASSWORD_CHARACTERS = 128

username_rule = RegexValidator(
    # \Z and not $, which would let a trailing newline through.
    r"\A[A-Za-z0-9][A-Za-z0-9_.-]{1,31}\Z",
    "2 to 32 letters, digits, dots, hyphens and underscores; a letter or digit first.",
)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        """Found in any case. Usernames are ASCII, so SQL folds them as Python does."""
        folded = (username or "").lower()
        return self.alias(folded=Lower("username")).get(folded=folded)

    def create_user(
        self, username: str, password: str | None = None, **fields: object
    ) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, username: str, password: str | None = None, **fields: object
    ) -> "User":
        rights = {"is_staff": True, "is_superuser": True}
        user = self.create_user(username, password, **rights, **fields)
        record_committed(Event.RIGHTS_CHANGED, user=user.pk, **rights)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person or a bot. Raising `token_version` voids every token issued before."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(
        max_length=USERNAME_CHARACTERS, unique=True, validators=[username_rule]
    )
    display_name = models.CharField(max_length=DISPLAY_NAME_CHARACTERS)
    # A short text such as "on holiday".
    status = models.CharField(max_length=STATUS_CHARACTERS, blank=True)
    # The name of the picture's file in the storage, or empty.
    avatar = models.CharField(max_length=64, blank=True, editable=False)
    # Such a person is in no list of those who are online.
    appear_offline = models.BooleanField(default=False)
    # Confirmed, or empty.
    email = models.EmailField(max_length=EMAIL_CHARACTERS, blank=True)
    is_bot = models.BooleanField(default=False)
    # A guest reads the rooms that allow guests, and writes nothing.
    is_guest = models.BooleanField(default=False, editable=False)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    token_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["display_name"]

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_folded"),
            models.UniqueConstraint(
                Lower("email"), condition=~Q(email=""), name="user_email_folded"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_session_auth_hash(self) -> str:
        """The admin site's cookie holds this, and so ends when the tokens end."""
        return self._with_version(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterable[str]:
        """The same for cookies of an earlier SECRET_KEY."""
        return map(self._with_version, super().get_session_auth_fallback_hash())

    def _with_version(self, session_hash: str) -> str:
        return f"{session_hash} {self.token_version}"

    @property
    def is_admitted(self) -> bool:
        """Whether the server lets this person in at all, by whatever token."""
        return self.is_active and (settings.ALLOW_GUESTS or not self.is_guest)

    @property
    def audience(self) -> Audience:
        if self.is_guest:
            return "guest"
        return "staff" if self.is_staff else "person"


class Session(models.Model):
    """One log-in on one device. An ended session stays ended, and so do its tokens."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "ended_at"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.id}"


class RedeemedTicket(models.Model):
    """A ticket that was used. The primary key refuses its second use."""

    jti = models.CharField(primary_key=True, max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti
