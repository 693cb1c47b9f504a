"""Wire shapes of people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from accounts.models import User

from ..models import Export

# The path of the REST API, without the server's address.
_API = "/api/v1"


# RFC 3339, always in UTC.
Time = Annotated[datetime, Meta(tz=True)]


class UserPayload(msgspec.Struct, frozen=True):
    """A person or a bot, as others see them. `avatar` is the path of a picture."""

    id: str
    username: str
    display_name: str
    is_bot: bool
    avatar: str | None


class ProfilePayload(UserPayload, frozen=True):
    """The same, and how they are. Nobody learns when who appears offline was here."""

    status: str
    online: bool
    last_seen_at: Time | None


class ExportPayload(msgspec.Struct, frozen=True):
    """A person's data in one archive; `url` wants the token."""

    state: Literal["waiting", "running", "ready", "failed"]
    done: int
    total: int
    created_at: Time
    expires_at: Time | None
    url: str | None


# The columns that a query reads of a person, in the order of `user_of_row`.
USER_COLUMNS = ("pk", "username", "display_name", "is_bot", "avatar")


def user_payload(user: User) -> UserPayload:
    return user_of_row(
        (user.pk, user.username, user.display_name, user.is_bot, user.avatar)
    )


def user_of_row(row: Sequence[Any]) -> UserPayload:
    pk, username, display_name, is_bot, avatar = row
    return UserPayload(
        str(pk), username, display_name, bool(is_bot), avatar_path(avatar)
    )


def avatar_path(name: str) -> str | None:
    return f"{_API}/avatars/{name}" if name else None


# And of a profile.
PROFILE_COLUMNS = (*USER_COLUMNS, "status", "online", "appear_offline", "last_seen_at")


def profile_of_row(row: Sequence[Any]) -> ProfilePayload:
    *user, status, online, appear_offline, seen_at = row
    looks = msgspec.structs.astuple(user_of_row(user))
    seen = None if appear_offline else seen_at
    return ProfilePayload(*[*looks, status, bool(online), seen])


def export_payload(export: Export) -> ExportPayload:
    return ExportPayload(
        export.state,  # type: ignore[arg-type]  # the column's choices
        export.done,
        export.total,
        export.created_at,
        export.expires_at,
        f"{_API}/me/export/file" if export.file else None,
    )
