"""Every limit, in one table; `GET /limits` and `hello` show it to clients.

Sizes are refusals at the door (`too_long`); rates are token buckets (`rate_limited`).
"""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec
from django.conf import settings

from .errors import RateLimited

CLIENT_ID = r"^[A-Za-z0-9_-]{1,64}$"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the server accepts. Sizes are in what their names say."""

    message_characters: int = 4_000
    frame_bytes: int = 32_768
    request_bytes: int = 65_536
    history_page: int = 100
    edit_seconds: int = 86_400
    reaction_kinds: int = 20
    attachments_per_message: int = 10
    attachment_bytes: int = 10 * 1024 * 1024
    avatar_bytes: int = 2 * 1024 * 1024
    # Width times height, of all frames together.
    image_pixels: int = 40_000_000
    rooms_per_subscribe: int = 100
    rooms_per_connection: int = 500
    messages_per_second: float = 5
    messages_burst: int = 20
    commands_per_second: float = 20
    commands_burst: int = 60


LIMITS = Limits(attachment_bytes=settings.ATTACHMENT_BYTES)

# What a resuming client may have missed, in all rooms together, before it must read
# history instead.
MAX_RECOVERED = 500
# The messages of one reply; a socket with twice as much unread is closed.
MAX_REPLY_BYTES = 512 * 1024
SEARCH_CHARACTERS = 200
SEARCH_PAGE = 50
DIRECTORY_PAGE = 100
GROUP_PEOPLE = 10


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float = field(default_factory=time.monotonic)


# Less the error of adding up fractions.
_ONE = 1 - 1e-9


class RateLimit:
    """A token bucket for each key, refilled at `rate` a second up to `burst`."""

    # Keys that have not been seen for long fall out: the table cannot grow for ever.
    MAX_KEYS = 50_000

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: OrderedDict[object, _Bucket] = OrderedDict()

    def take(self, key: object) -> None:
        """Raises RateLimited, with the seconds to wait, when the bucket is empty."""
        if not settings.RATE_LIMITS:
            return
        bucket = self._filled(key)
        if bucket.tokens < _ONE:
            wait = (1 - bucket.tokens) / self.rate
            # Rounded up: whoever waits as told must get in.
            raise RateLimited(retry_after=math.ceil(round(wait * 100, 6)) / 100)
        bucket.tokens -= 1

    def _filled(self, key: object) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(self.burst))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self.MAX_KEYS:
            self._buckets.popitem(last=False)
        now = time.monotonic()
        earned = (now - bucket.filled_at) * self.rate
        bucket.tokens = min(self.burst, bucket.tokens + earned)
        bucket.filled_at = now
        return bucket


# By person, through both doors.
messages = RateLimit(LIMITS.messages_per_second, LIMITS.messages_burst)
# By connection.
commands = RateLimit(LIMITS.commands_per_second, LIMITS.commands_burst)
# By connection and room.
typing = RateLimit(1 / 2, 2)
# By network address: guessing passwords and making accounts.
logins = RateLimit(10 / 60, 20)
registrations = RateLimit(10 / 3600, 20)
# By person: trying codes of invitations.
invitation_codes = RateLimit(10 / 60, 20)
# By person: each one may be a picture to decode.
uploads = RateLimit(1, 20)
# By person: a search reads more than anything else.
searches = RateLimit(2, 10)
