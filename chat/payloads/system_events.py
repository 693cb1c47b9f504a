"""System events: everything that the chat itself writes into a room's log.

The union is closed. Each type has the fields with which it is shown, and says whom it
takes out of the room and whether a room may hide it. `chat.log.append.say` writes them;
the column keeps them as JSON.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from .people import Time
from .rooms import Role

# Where a person's id could stand: all readers who have no account.
GUESTS = "guests"


class _SystemEvent(Struct, frozen=True, tag_field="type"):
    def evicts(self) -> str | None:
        """The reader for whom this event is the last of the room: an id, or GUESTS."""
        return None

    def hidden(self) -> "SystemEvent":
        """The event as a room writes it that wants no notices of comings and goings."""
        return self  # type: ignore[return-value]  # every subclass is in the union


class SystemRoomCreated(_SystemEvent, frozen=True, tag="room.created"):
    """The room begins. It is the first message of every room."""


class SystemRoomRenamed(_SystemEvent, frozen=True, tag="room.renamed"):
    """The room has another name."""

    name: str


class SystemRoomTopicChanged(_SystemEvent, frozen=True, tag="room.topic_changed"):
    """The room has another topic, or none."""

    topic: str


class SystemRoomAvatarChanged(_SystemEvent, frozen=True, tag="room.avatar_changed"):
    """The room has another picture or another color: the one that is named."""

    color: str | UnsetType = UNSET
    avatar: str | UnsetType | None = UNSET


class SystemRoomSettingsChanged(_SystemEvent, frozen=True, tag="room.settings_changed"):
    """Settings of the room changed: those that are named."""

    guests_may_read: bool | UnsetType = UNSET
    announcements_only: bool | UnsetType = UNSET
    notices: bool | UnsetType = UNSET
    slow_mode_seconds: int | UnsetType = UNSET
    retention_days: int | UnsetType | None = UNSET

    def evicts(self) -> str | None:
        return GUESTS if self.guests_may_read is False else None


class SystemRoomArchived(_SystemEvent, frozen=True, tag="room.archived"):
    """Nobody writes or joins any more."""


class SystemRoomRestored(_SystemEvent, frozen=True, tag="room.restored"):
    """The room is open again."""


class _MemberEvent(_SystemEvent, frozen=True):
    user: str


class SystemMemberJoined(_MemberEvent, frozen=True, tag="member.joined"):
    """The person came in, by themselves or by an invitation."""

    invited_by: str | UnsetType = UNSET
    quiet: bool | UnsetType = UNSET

    def hidden(self) -> "SystemEvent":
        return msgspec.structs.replace(self, quiet=True)


class SystemMemberLeft(_MemberEvent, frozen=True, tag="member.left"):
    """The person went, or deleted their account."""

    quiet: bool | UnsetType = UNSET

    def evicts(self) -> str | None:
        return self.user

    def hidden(self) -> "SystemEvent":
        return msgspec.structs.replace(self, quiet=True)


class SystemMemberAdded(_MemberEvent, frozen=True, tag="member.added"):
    """The sender added the person."""


class SystemMemberRemoved(_MemberEvent, frozen=True, tag="member.removed"):
    """The sender took the person out of the room."""

    def evicts(self) -> str | None:
        return self.user


class SystemMemberBanned(_MemberEvent, frozen=True, tag="member.banned"):
    """The sender banned the person, who was a member until now."""

    def evicts(self) -> str | None:
        return self.user


class SystemMemberRoleChanged(_MemberEvent, frozen=True, tag="member.role_changed"):
    """The sender gave the person another role."""

    role: Role


class SystemMemberMuted(_MemberEvent, frozen=True, tag="member.muted"):
    """The sender muted the person, who may not write until then."""

    until: Time


class SystemMemberUnmuted(_MemberEvent, frozen=True, tag="member.unmuted"):
    """The sender ended the person's mute before it was over."""


SystemEvent = (
    SystemRoomCreated
    | SystemRoomRenamed
    | SystemRoomTopicChanged
    | SystemRoomAvatarChanged
    | SystemRoomSettingsChanged
    | SystemRoomArchived
    | SystemRoomRestored
    | SystemMemberJoined
    | SystemMemberLeft
    | SystemMemberAdded
    | SystemMemberRemoved
    | SystemMemberBanned
    | SystemMemberRoleChanged
    | SystemMemberMuted
    | SystemMemberUnmuted
)


class _Stored(Struct, frozen=True):
    # A field, because msgspec keeps what it knows of a struct and would take a bare
    # union apart anew at each call: 0.5 µs a message instead of 20.
    event: SystemEvent


def to_column(event: SystemEvent) -> dict[str, Any]:
    """The event as JSON values, for `Message.event`."""
    column: dict[str, Any] = msgspec.to_builtins(event)
    return column


def from_column(column: dict[str, Any]) -> SystemEvent:
    """The event of a stored row. Raises msgspec.ValidationError
    for a type that is not in the union; only `say` writes rows."""
    return msgspec.convert({"event": column}, _Stored).event
