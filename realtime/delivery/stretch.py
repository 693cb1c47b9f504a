"""Changes of one room that follow each other without a gap and share a frame."""

from typing import NamedTuple

from chat.events import changes_frame
from core.bus.envelopes import Change

from ..protocol.prepared import PreparedFrame


class Stretch(NamedTuple):
    """All changes above `after`, up to `seq`."""

    after: int
    seq: int
    changes: list[Change]
    # The person (by id) or GUESTS whom the last change takes out of the room: they
    # receive nothing above `seq`.
    leaver: str | None = None

    def frame(self, room: str, above: int = 0) -> PreparedFrame:
        """The frame for a reader who has everything up to `above`."""
        above = max(above, self.after)
        missing = [change for change in self.changes if change.seq > above]
        return PreparedFrame(changes_frame(room, above, self.seq, missing))
