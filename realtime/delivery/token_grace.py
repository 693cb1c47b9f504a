"""How long a connection may stay: until its token ends, and a grace after that.

During the grace the client gets no frames but those about the connection itself.
Durable frames are kept and sent when a new token comes; without one they are lost, and
the client resumes on its next connection.
"""

import time
from datetime import UTC, datetime, timedelta

from ..protocol.prepared import PreparedFrame

# The client is reminded this long before the end, so that it can renew in time.
REMIND_SECONDS = 60
GRACE_SECONDS = 25


class TokenGrace:
    """Owned by the event loop, as its connection is."""

    __slots__ = ("_is_reminded", "_kept", "_kept_size", "_remind_at", "ends")

    def __init__(self, expires_at: datetime) -> None:
        # A float, because every delivery compares it with the clock.
        self.ends = expires_at.timestamp()
        self._remind_at = self.ends - REMIND_SECONDS
        self._is_reminded = False
        self._kept: list[PreparedFrame] = []
        self._kept_size = 0

    @property
    def expires_at(self) -> datetime:
        # Whole seconds, as in the token.
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.ends)

    def has_ended(self) -> bool:
        """Whether the token has ended; the grace begins then."""
        return time.time() >= self.ends

    def is_over(self) -> bool:
        """Whether the grace has ended, too."""
        return time.time() >= self.ends + GRACE_SECONDS

    def is_reminder_due(self) -> bool:
        """Whether to remind the client now. True once for each token."""
        if self._is_reminded or time.time() < self._remind_at:
            return False
        self._is_reminded = True
        return True

    def keep(self, frame: PreparedFrame) -> int:
        """Keep a frame for after the grace; return the bytes kept by now.

        Connections that keep the same frame share it, so ten thousand of them take the
        memory of one.
        """
        self._kept.append(frame)
        self._kept_size += frame.size
        return self._kept_size

    def renew(self, expires_at: datetime) -> list[PreparedFrame]:
        """Go on until `expires_at` and return the kept frames, which are to be sent.

        An earlier `expires_at` than the present one takes no time away.
        """
        self.ends = max(self.ends, expires_at.timestamp())
        # The reminder for a token of less than a minute comes after half its time. Sent
        # at once, it would make the client renew without pause.
        half = (time.time() + self.ends) / 2
        self._remind_at = max(self.ends - REMIND_SECONDS, half)
        self._is_reminded = False
        kept, self._kept, self._kept_size = self._kept, [], 0
        return kept
