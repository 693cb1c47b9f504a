"""How long a connection may go on: until its token ends, and a grace after that.

In the grace nothing reaches the client but what is about the connection itself. What
has a place in an order is kept for the new token; a token that never comes loses it.
"""

import time
from datetime import UTC, datetime, timedelta

# So long before the end the client is told, to get a new token in peace.
REMIND_SECONDS = 60
GRACE_SECONDS = 25


class Lease:
    """Owned by the event loop, as its connection is."""

    __slots__ = ("_is_reminded", "_kept", "_kept_size", "_remind_at", "ends")

    def __init__(self, expires_at: datetime) -> None:
        # In seconds: it is compared on the path of every delivery.
        self.ends = expires_at.timestamp()
        self._remind_at = self.ends - REMIND_SECONDS
        self._is_reminded = False
        self._kept: list[str] = []
        self._kept_size = 0

    @property
    def expires_at(self) -> datetime:
        # Whole seconds, as in the token.
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.ends)

    def has_ended(self) -> bool:
        return time.time() >= self.ends

    def is_over(self) -> bool:
        """The grace too."""
        return time.time() >= self.ends + GRACE_SECONDS

    def remind(self) -> bool:
        """Whether it is time to say that the end comes near; once for each token."""
        if self._is_reminded or time.time() < self._remind_at:
            return False
        self._is_reminded = True
        return True

    def keep(self, text: str) -> int:
        """For the time after the grace; how much is kept by now.

        Ten thousand connections may keep the same text: it is there once.
        """
        self._kept.append(text)
        self._kept_size += len(text)
        return self._kept_size

    def renew(self, expires_at: datetime) -> list[str]:
        """Go on until then; what was kept is to be sent now. Never goes back."""
        self.ends = max(self.ends, expires_at.timestamp())
        # Tokens of less than a minute: said at once, each would bring the next.
        half = (time.time() + self.ends) / 2
        self._remind_at = max(self.ends - REMIND_SECONDS, half)
        self._is_reminded = False
        kept, self._kept, self._kept_size = self._kept, [], 0
        return kept
