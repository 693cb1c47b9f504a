"""Every limit, in one table; `GET /limits` and `hello` show it to clients.

Sizes are refusals at the door (`too_long`); rates are token buckets (`rate_limited`).
Each field can be set by the environment: LIMIT_ and its name in capitals.
"""

from typing import Annotated

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from msgspec import Meta

from .rates import RateLimit

CLIENT_ID = r"^[A-Za-z0-9_-]{1,64}$"


Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server accepts. Sizes are in what their names say.

    A rate is so many in a second, minute or hour, and a burst so many at once.
    """

    message_characters: Count = 4_000
    # The servers close at 64 KiB.
    frame_bytes: Annotated[int, Meta(ge=1_024, le=65_536)] = 32_768
    request_bytes: Count = 65_536
    history_page: Count = 100
    edit_seconds: Count = 86_400
    reaction_kinds: Count = 20
    attachments_per_message: Count = 10
    attachment_bytes: Count = 10 * 1024 * 1024
    avatar_bytes: Count = 2 * 1024 * 1024
    # Width times height, of all frames together.
    image_pixels: Count = 16_000_000
    image_frames: Count = 400
    rooms_per_subscribe: Count = 100
    rooms_per_connection: Count = 500
    connections_per_person: Count = 20
    connections_per_address: Count = 100
    connects_per_second: Rate = 10
    connects_burst: Count = 100
    frames_per_second: Rate = 100
    frames_burst: Count = 100
    commands_per_second: Rate = 20
    commands_burst: Count = 60
    messages_per_second: Rate = 5
    messages_burst: Count = 20
    typing_per_second: Rate = 1
    typing_burst: Count = 5
    searches_per_second: Rate = 2
    searches_burst: Count = 10
    uploads_per_minute: Rate = 60
    uploads_burst: Count = 20
    invitation_codes_per_minute: Rate = 10
    invitation_codes_burst: Count = 20
    logins_per_minute: Rate = 10
    logins_burst: Count = 20
    failed_logins_per_hour: Rate = 20
    failed_logins_burst: Count = 5
    refreshes_per_minute: Rate = 120
    refreshes_burst: Count = 120
    registrations_per_hour: Rate = 10
    registrations_burst: Count = 20
    mails_per_hour: Rate = 20
    mails_burst: Count = 5
    guests_per_hour: Rate = 60
    guests_burst: Count = 20


def variable(field: str) -> str:
    """The environment's name of a limit."""
    return f"LIMIT_{field.upper()}"


def read(found: dict[str, str]) -> Limits:
    """The table with what the environment says; what it cannot say stops the start."""
    try:
        return msgspec.convert(found, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"A LIMIT_ variable: {error}") from None


LIMITS = read(settings.LIMITS)

# What a resuming client may have missed, in all rooms together, before it must read
# history instead.
MAX_RECOVERED = 500
# The messages of one reply; a socket with twice as much unread is closed.
MAX_REPLY_BYTES = 512 * 1024
SEARCH_CHARACTERS = 200
SEARCH_PAGE = 50
DIRECTORY_PAGE = 100
GROUP_PEOPLE = 10
# A hundred years.
RETENTION_DAYS = 36_500

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


def _by_table(name: str, *, by: str = "", shared: bool = True) -> RateLimit:
    """The bucket of `<name>_per_<time>` and `<name>_burst`."""
    for unit, seconds in _SECONDS.items():
        rate = getattr(LIMITS, f"{name}_per_{unit}", None)
        if rate is not None:
            burst = getattr(LIMITS, f"{name}_burst")
            return RateLimit(rate / seconds, burst, name=name, by=by, shared=shared)
    raise LookupError(name)


# By person, through both doors and all connections.
messages = _by_table("messages", by="user")
commands = _by_table("commands", by="user")
typing = _by_table("typing", by="user")
# Each upload may be a picture to decode.
uploads = _by_table("uploads", by="user")
# Trying the codes of invitations.
invitation_codes = _by_table("invitation_codes", by="user")
# A search reads more than anything else.
searches = _by_table("searches", by="user")
# By connection, whatever the frames are: who goes on in spite of refusals is closed.
frames = _by_table("frames", by="connection", shared=False)
# By network address (chat/addresses.py): opening sockets, guessing, making accounts.
connects = _by_table("connects")
logins = _by_table("logins")
refreshes = _by_table("refreshes")
registrations = _by_table("registrations")
guests = _by_table("guests")
# By network address, and by the address that the mail goes to.
mails = _by_table("mails")
# By account, from wherever: wrong passwords alone.
failed_logins = _by_table("failed_logins")
