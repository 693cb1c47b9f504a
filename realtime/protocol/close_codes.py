"""Close codes. The range is the rule: 4000-4499 reconnect, 4500-4999 stop."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The name of a code, in lower case, is the `reason` in `bye`."""

    SHUTTING_DOWN = 4000  # the server restarts: another process takes over
    SLOW_CONSUMER = 4001  # did not read for too long: resume when ready
    PING_TIMEOUT = 4002  # did not answer a ping
    TOKEN_EXPIRED = 4003  # get a new token first
    RATE_LIMITED = 4004  # went on in spite of the refusals
    MAX_AGE = 4005  # open for very long
    INTERNAL = 4006  # our fault
    UNAUTHORIZED = 4500  # no token, a bad one, or a used ticket
    SESSION_REVOKED = 4501  # logged out elsewhere, or the password changed
    ACCOUNT_DISABLED = 4502
    BAD_FRAMES = 4503  # too many frames that are no commands
    TOO_MANY_CONNECTIONS = 4504  # the oldest connection makes room

    @property
    def reason(self) -> str:
        return self.name.lower()

    @property
    def reconnect(self) -> bool:
        return self < 4500
