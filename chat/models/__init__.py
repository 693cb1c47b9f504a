"""Tables of the chat. `chat/log/` alone writes messages and `Room.head_seq`."""

from .files import StoredFile, StoredTotal
from .followers import Cursor, FollowerStart, MentionMail
from .leases import Lease
from .messages import Attachment, Mention, Message, Messages, Reaction
from .people import Attendance, Block, Departure, Export, ServerProcess
from .rooms import (
    NAME_CHARACTERS,
    TOPIC_CHARACTERS,
    Ban,
    Invitation,
    Membership,
    Room,
    new_epoch,
)

__all__ = [
    "NAME_CHARACTERS",
    "TOPIC_CHARACTERS",
    "Attachment",
    "Attendance",
    "Ban",
    "Block",
    "Cursor",
    "Departure",
    "Export",
    "FollowerStart",
    "Invitation",
    "Lease",
    "Membership",
    "Mention",
    "MentionMail",
    "Message",
    "Messages",
    "Reaction",
    "Room",
    "ServerProcess",
    "StoredFile",
    "StoredTotal",
    "new_epoch",
]
