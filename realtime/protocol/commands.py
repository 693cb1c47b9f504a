"""Commands: one type for each thing that a client may ask.

The union is closed and unknown fields are refused, so nothing that a client writes can
choose anything but one of these. The docstrings are the descriptions in asyncapi.yaml.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from accounts.token_kinds import MAX_TOKEN_LENGTH
from chat.queries.catching_up import Resume
from core.limits.table import DEFAULT_PAGE, LIMITS

Ref = Annotated[int, Meta(ge=0, lt=2**53)]
Seq = Annotated[int, Meta(ge=0, lt=2**53)]
Emoji = Annotated[str, Meta(min_length=1, max_length=64)]
Attachments = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(max_length=LIMITS.attachments_per_message),
]
RoomId = Annotated[str, Meta(max_length=64)]


class _Command(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"
):
    """All but `pong` and `typing.*` have a `ref`, which their one reply carries."""


class _Asking(_Command, frozen=True):
    ref: Ref


class RoomCursor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go on in one room: `after` is the number that you have, of `epoch`."""

    room: RoomId
    after: Seq | None = None
    epoch: Annotated[str, Meta(max_length=64)] | None = None
    # Without `after`, the reply brings this many of the newest messages.
    history: Annotated[int, Meta(ge=0, le=LIMITS.history_page)] = 0

    def resume(self) -> Resume:
        return Resume(self.room, self.after, self.epoch, self.history)


class Subscribe(_Asking, frozen=True, tag="subscribe"):
    """Hear of these rooms from now on; with `after` first what you missed."""

    rooms: Annotated[
        list[RoomCursor], Meta(min_length=1, max_length=LIMITS.rooms_per_subscribe)
    ]


class Unsubscribe(_Asking, frozen=True, tag="unsubscribe"):
    """Hear of these rooms no longer."""

    rooms: Annotated[
        list[RoomId], Meta(min_length=1, max_length=LIMITS.rooms_per_connection)
    ]


class MessageSend(_Asking, frozen=True, tag="message.send"):
    """Say something. The reply means that it is stored."""

    room: RoomId
    client_id: str
    body: str
    reply_to: Seq | None = None
    level: Literal["normal", "warning", "alert"] = "normal"
    attachments: Attachments = []


class DirectSend(_Asking, frozen=True, tag="direct.send"):
    """Say something to one person; the room of the two is made when it is needed."""

    to: Annotated[str, Meta(min_length=1, max_length=64)]
    client_id: str
    body: str
    attachments: Attachments = []


class MessageEdit(_Asking, frozen=True, tag="message.edit"):
    """Change the text of your own message."""

    room: RoomId
    seq: Seq
    body: str


class MessageDelete(_Asking, frozen=True, tag="message.delete"):
    """Take the text away, of your own message or as a moderator of any."""

    room: RoomId
    seq: Seq


class ReactionAdd(_Asking, frozen=True, tag="reaction.add"):
    """Put one emoji on a message; the same one twice is one."""

    room: RoomId
    seq: Seq
    emoji: Emoji


class ReactionRemove(_Asking, frozen=True, tag="reaction.remove"):
    """Take your emoji back."""

    room: RoomId
    seq: Seq
    emoji: Emoji


class ReadMark(_Asking, frozen=True, tag="read.mark"):
    """Everything up to `seq` is read. It never goes back."""

    room: RoomId
    seq: Seq


class History(_Asking, frozen=True, tag="history"):
    """A page of the log: by one of `before`, `after`, `around`, or the newest."""

    room: RoomId
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Annotated[int, Meta(ge=1, le=LIMITS.history_page)] = DEFAULT_PAGE


class RoomJoin(_Asking, frozen=True, tag="room.join"):
    """Become a member of a public room."""

    room: RoomId


class RoomLeave(_Asking, frozen=True, tag="room.leave"):
    """Be a member no longer."""

    room: RoomId


class AuthRefresh(_Asking, frozen=True, tag="auth.refresh"):
    """Go on with a new access token of the same session."""

    token: Annotated[str, Meta(max_length=MAX_TOKEN_LENGTH)]

    def __repr__(self) -> str:
        # Keeps the token out of every log and traceback.
        return f"AuthRefresh(ref={self.ref})"


class Ping(_Asking, frozen=True, tag="ping"):
    """Are you there?"""


class Pong(_Command, frozen=True, tag="pong"):
    """Everything up to ping `n` was handled."""

    n: Annotated[int, Meta(ge=0, lt=2**53)]


class TypingStart(_Command, frozen=True, tag="typing.start"):
    """I type; over by itself after 6 s unless it comes again."""

    room: RoomId


class TypingStop(_Command, frozen=True, tag="typing.stop"):
    """I type no longer."""

    room: RoomId


Asking = (
    Subscribe
    | Unsubscribe
    | MessageSend
    | DirectSend
    | MessageEdit
    | MessageDelete
    | ReactionAdd
    | ReactionRemove
    | History
    | ReadMark
    | RoomJoin
    | RoomLeave
    | AuthRefresh
    | Ping
)
# These have no `ref` and get no answer.
Telling = Pong | TypingStart | TypingStop
Command = Asking | Telling


def type_of(command: Asking) -> str:
    """The command's `type` on the wire."""
    return str(command.__struct_config__.tag)
