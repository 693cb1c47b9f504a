"""A message that is about to be stored, and the rows that it becomes."""

from typing import NamedTuple
from uuid import UUID

from core.statement import Row

from ..mentions import people_of
from ..payloads.messages import MessagePayload


class New(NamedTuple):
    """The message as it will be sent, with the ids of its room and sender."""

    room: UUID
    sender: UUID
    message: MessagePayload
    json: bytes

    def row(self) -> Row:
        """For sql.INSERT_MESSAGES."""
        message = self.message
        return (
            self.room,
            message.seq,
            message.level,
            self.sender,
            message.client_id,
            message.body,
            message.reply_to,
            message.mentions,
            message.created_at,
        )

    def mentions(self) -> list[Row]:
        """For sql.INSERT_MENTIONS."""
        people = people_of(self.message.mentions)
        return [(self.room, self.message.seq, self.sender, one) for one in people]

    def files(self) -> list[Row]:
        """For sql.SEND_FILES."""
        files = self.message.attachments
        return [(self.room, self.message.seq, file.id) for file in files]
