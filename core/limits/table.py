"""Every limit, in one table; `GET /limits` and `hello` show it to clients.

Over a size a request is refused as `too_long`, over the stored bytes as
`quota_exceeded`, over a rate (a token bucket) as `rate_limited`. The environment sets a
field by LIMIT_ and its name in capitals.
"""

from typing import Annotated

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from msgspec import Meta

CLIENT_ID = r"^[A-Za-z0-9_-]{1,64}$"


Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]


# Up to a petabyte: JavaScript still has exact integers there.
Bytes = Annotated[int, Meta(ge=1, le=2**50)]


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
    # All files of a person, and all files of the server (chat/stored_files.py).
    stored_bytes_per_person: Bytes = 1024**3
    stored_bytes: Bytes = 20 * 1024**3
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
    # An office of 200 people behind one address, each of whom sends a message every
    # seven seconds and asks for something every second: six and ten times a person's.
    network_commands_per_second: Rate = 200
    network_commands_burst: Count = 600
    network_messages_per_second: Rate = 30
    network_messages_burst: Count = 60
    typing_per_second: Rate = 1
    typing_burst: Count = 5
    searches_per_second: Rate = 2
    searches_burst: Count = 10
    uploads_per_minute: Rate = 60
    uploads_burst: Count = 20
    rooms_per_hour: Rate = 60
    rooms_burst: Count = 20
    room_changes_per_minute: Rate = 30
    room_changes_burst: Count = 30
    joins_per_minute: Rate = 30
    joins_burst: Count = 20
    member_changes_per_minute: Rate = 60
    member_changes_burst: Count = 60
    profile_changes_per_minute: Rate = 20
    profile_changes_burst: Count = 20
    invitations_per_minute: Rate = 30
    invitations_burst: Count = 30
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
    network_mails_per_hour: Rate = 60
    network_mails_burst: Count = 20
    guests_per_hour: Rate = 60
    guests_burst: Count = 20


def variable(field: str) -> str:
    """The name of the environment variable that sets this limit."""
    return f"LIMIT_{field.upper()}"


def read(given: dict[str, str]) -> Limits:
    """The table, with the values that the environment gives.

    Raises ImproperlyConfigured for an unknown name or a value out of bounds.
    """
    try:
        return msgspec.convert(given, Limits, strict=False)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"A LIMIT_ variable: {error}") from None


LIMITS = read(settings.LIMITS)


# The changes that a resuming client may have missed, in all rooms together. After more
# of them it must read the history instead.
MAX_RECOVERED = 500


# Bytes of the messages in one reply. A socket with twice as much unread is closed.
MAX_REPLY_BYTES = 512 * 1024


# Unread messages are counted up to this number, which then means "or more".
MAX_UNREAD = 1_000


SEARCH_CHARACTERS = 200


SEARCH_PAGE = 50


DIRECTORY_PAGE = 100


GROUP_PEOPLE = 10


# The messages or rooms of a page that is asked for without a limit.
DEFAULT_PAGE = 50


# The text that names a person: an id or a username. The longest id is shorter.
REFERENCE_CHARACTERS = 64


SLOW_MODE_SECONDS = 86_400


MUTE_SECONDS = 365 * 86_400


# Of a link that invites: how long it may be good, and is unless somebody says.
INVITATION_SECONDS = 30 * 86_400


DEFAULT_INVITATION_SECONDS = 7 * 86_400


INVITATION_USES = 1_000


# A hundred years.
RETENTION_DAYS = 36_500
