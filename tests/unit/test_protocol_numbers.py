"""Every number in docs/protocol.md is the one that the code has.

A changed constant fails with the words that the page should have. A number that no
claim covers fails, too, so that none is written without a check.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from rest_framework import serializers

from accounts import people, token_kinds
from api.serializers.directory import DirectoryQuery
from api.serializers.invitations import NewInvitation
from api.serializers.rooms import RoomChanges
from backend import bodies, downloads
from chat import housekeeping, mentions, quotas
from chat.actions import attachments, exports
from chat.models import NAME_CHARACTERS, TOPIC_CHARACTERS
from chat.queries import rooms
from core import network, text
from core.files import signed_links
from core.files.pictures import decoder
from core.limits import table as limits
from realtime import consumer, handlers
from realtime.delivery import (
    checks,
    connection,
    feed,
    feeds,
    token_grace,
    typists,
)
from realtime.protocol import frames
from realtime.protocol.close_codes import CloseCode
from realtime.server import stalled_answers, uvicorn

from .protocol_page import DESCRIPTION, names, section, table

DEFAULT = limits.Limits()
DAY = 86_400


def bounds(body: type[serializers.Serializer[Any]], field: str) -> tuple[int, int]:
    """The least and the largest value that a body may have in this field."""
    bounded: Any = body().fields[field]
    return bounded.min_value, bounded.max_value


def seconds(period: timedelta) -> int:
    return round(period.total_seconds())


def hold_seconds() -> int:
    """How long the TypeScript client waits for a gap to close."""
    client = settings.BASE_DIR / "frontend" / "packages" / "client" / "src"
    source = (client / "cursor.ts").read_text(encoding="utf-8")
    [hold] = re.findall(r"HOLD_MS = ([\d_]+)", source)
    return int(hold) // 1000


def default_link_seconds() -> int:
    body = NewInvitation(data={})
    body.is_valid(raise_exception=True)
    return int(body.validated_data["expires_in"])


_KEY = re.findall(r"\d+", re.findall(r"\{.+\}", limits.CLIENT_ID)[0])
_RETENTION = bounds(RoomChanges, "retention_days")
_LINK = bounds(NewInvitation, "expires_in")
_USES = bounds(NewInvitation, "max_uses")
_PAGE: Any = DirectoryQuery().fields["limit"]

# The page's own words, with the numbers that the code has today.
CLAIMS = [
    # Connecting
    f"It lives {seconds(token_kinds.TICKET_LIFETIME)} seconds and opens one socket",
    f"| `protocol` | always {frames.PROTOCOL} |",
    f"two pings of a quiet connection: {frames.HEARTBEAT_SECONDS} |",
    f"A frame to the server has at most {DEFAULT.frame_bytes:,} bytes",
    # Shapes and lines
    f"among the first {mentions.MAX_MENTIONS} names in the text",
    f"a direct room or a group (at most {limits.GROUP_PEOPLE})",
    f"at most {text._MAX_MARKS} combining marks in a row. A room's name has at most"
    f" {NAME_CHARACTERS} characters, a topic {TOPIC_CHARACTERS}, a display name"
    f" {people.LONGEST['display_name']}, a status {people.LONGEST['status']}.",
    f"up to {_PAGE.max_value} at once ({_PAGE.default} unless",
    # Commands
    f"`too_many_rooms` ({DEFAULT.rooms_per_connection} per connection)",
    f"{_KEY[0]} to {_KEY[1]} of `A-Z a-z 0-9 _ -`",
    f"1 to {DEFAULT.message_characters:,} characters, not only white space, no control"
    f" characters except tab and line ends, at most {text._MAX_MARKS} combining marks",
    f"for `edit_seconds` ({DEFAULT.edit_seconds // 3600} hours)",
    f"at most `reaction_kinds` ({DEFAULT.reaction_kinds}) different emoji",
    f"Both stop at {limits.MAX_UNREAD:,} everywhere: {limits.MAX_UNREAD} means"
    f" {limits.MAX_UNREAD:,} or more",
    f"the newest {rooms.LOOKED_AT:,} messages above `read_seq`",
    f"The server ends it after {typists.EXPIRES_SECONDS} seconds",
    f"may send {DEFAULT.typing_burst} `typing.start` at once and"
    f" {DEFAULT.typing_per_second} each second after that",
    f"when they are long ({limits.MAX_REPLY_BYTES // 1024} KiB in a page)",
    # Files
    f"if it was not sent within {seconds(attachments.UNSENT) // 3600} hours",
    f"good for {signed_links.LINK_SECONDS // 60} minutes",
    f"before it reads more than {DEFAULT.request_bytes // 1024} KiB of an upload",
    f"reads nothing for {stalled_answers.STALL_SECONDS:.0f} seconds, or when it takes"
    f" longer than {downloads.START_SECONDS:.0f} seconds plus one second for each"
    f" {downloads.LEAST_BYTES_PER_SECOND // 1024} KiB",
    f"a thumbnail (WebP, at most {decoder.THUMBNAIL_PIXELS} pixels)",
    f"a WebP of {decoder.AVATAR_PIXELS} pixels",
    f"each rounded up to {quotas.BLOCK // 1024} KiB",
    # Privacy
    f"deletes the archive after {exports.KEPT.days} days",
    f"within {seconds(exports.PAUSE) // 60} minutes of the request before",
    f"works once and for {settings.PASSWORD_RESET_TIMEOUT // 60} minutes",
    f"`retention_days` ({_RETENTION[0]} to {_RETENTION[1]:,}, or null)",
    f"takes up to {housekeeping.CLEAN_UP_SECONDS // 60} minutes to begin",
    # Resuming
    f"more than {limits.MAX_RECOVERED} messages, or more than"
    f" {limits.MAX_REPLY_BYTES // 1024} KiB, in all rooms",
    f"Hold it for {hold_seconds()} seconds",
    # The time of a query is added to that of the gap, and both are rounded up.
    f"normally within {round(feed.GAP_SECONDS + 0.05, 1)} seconds and at the latest"
    f" after about {round(checks.HEADS_SECONDS + 2 * feeds.HINT_SECONDS)}",
    # Invitations
    f"`expires_in` is {_LINK[0]} seconds to {_LINK[1] // DAY} days (default"
    f" {default_link_seconds() // DAY} days)",
    f"`max_uses` {_USES[0]} to {_USES[1]:,} or null",
    f"may try {DEFAULT.invitation_codes_per_minute} codes a minute (burst"
    f" {DEFAULT.invitation_codes_burst})",
    # Liveness
    f"when {frames.HEARTBEAT_SECONDS} seconds have passed since its last one, and after"
    f" each {connection.PING_AFTER:,} characters",
    f"Without a `pong` within {connection.PONG_SECONDS} seconds",
    f"more than {connection.MAX_UNREAD_FOR_VOLATILE:,} characters unread the server"
    f" drops volatile events, and with more than {connection.MAX_UNREAD:,} it closes",
    f"`heartbeat` + {connection.PONG_SECONDS} seconds",
    # Tokens
    f"{token_grace.REMIND_SECONDS} seconds before the token expires",
    f"stays open for {token_grace.GRACE_SECONDS} seconds and is silent",
    f"more than {connection.MAX_UNREAD // 1024**2} MiB unread is closed with"
    f" {CloseCode.TOKEN_EXPIRED:d}",
    f"a session ends {settings.SESSION_DAYS} days after its log-in",
    # Two looks at all sockets, of which one may fail after a statement's five seconds.
    f"at the latest after {2 * checks.SESSIONS_SECONDS + 5} seconds",
    # Codes
    f"no new one came in {token_grace.GRACE_SECONDS} seconds",
    f"more than {consumer.MAX_BAD_FRAMES} frames on one connection within"
    f" {consumer.BAD_FRAMES_SECONDS} seconds",
    f"A frame over {uvicorn.MAX_FRAME_BYTES:,} bytes never reaches",
    f"not done within {handlers.HANDLER_SECONDS} seconds",
    # Limits
    f"over {settings.DAPHNE_WEBSOCKET_MAX_FRAME_SIZE:,} the connection ends",
    f"is allowed {network.WIDER_TIMES} times as much",
    f"{consumer.MAX_WAITING} commands of one connection may wait",
    f"a command may take {handlers.HANDLER_SECONDS} seconds",
    f"within {bodies.SECONDS} seconds, and that of an upload within"
    f" {bodies.UPLOAD_SECONDS}",
    f"{DEFAULT.rooms_per_subscribe} at a time",
]

# Numbers that no constant of ours decides: standards, codes, advice.
FREE = [
    r"protocol, version 1\b",
    r"\bRFC 3339\b",
    r"\bUTF-8\b",
    r"\b0 to 2\^53 \u2212 1\b",
    r"\bIPv[46]\b",
    r"/64\b",
    r"/56\b",
    r"; 0 is off",
    r" 1, 2, 3 …",
    r" is 0, and ",
    r"\b(?:HTTP |answers |token )(?:202|204|401|403|404)\b",
    r"\b404 +when there is none\b",
    r"\b4000-4499 reconnect, 4500-4999 stop\b",
    r"\b(?:1006|1009)\b",
    r"give up after some 10 seconds",
    *[rf"\b{code:d}\b" for code in CloseCode],
]


def prose() -> str:
    """The description in one line, without the cells that other tests check."""
    lines = []
    header: list[str] = []
    for line in DESCRIPTION.splitlines():
        cells = line.split("|")
        if not line.startswith("|"):
            header = []
        elif not header:
            header = [cell.strip() for cell in cells]
        checked = {"Value", "Default", "HTTP"} & set(header)
        if line.startswith("|") and checked:
            cells[header.index(checked.pop())] = ""
            line = "|".join(cells)
        lines.append(re.sub(r"^\d+\. ", "", line.strip()))
    return " ".join(lines)


PROSE = re.sub(r" +", " ", prose())


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_page_says_the_number_that_the_code_has(claim: str) -> None:
    assert claim in PROSE, f"docs/protocol.md should say: “{claim}”"


def test_every_number_on_the_page_is_checked() -> None:
    left = PROSE
    for claim in CLAIMS:
        left = left.replace(claim, "")
    # Field names, paths and examples in backticks hold no promise.
    left = re.sub(r"`[^`]*`", "", left)
    for pattern in FREE:
        left = re.sub(pattern, "", left, flags=re.IGNORECASE)
    unchecked = [one[0] for one in re.finditer(r".{0,40}\b\d[\d,]*.{0,30}", left)]
    assert not unchecked, (
        "docs/protocol.md has numbers that no test checks: add each to CLAIMS in this"
        f" file, or to FREE if no constant decides it: {unchecked}"
    )


def test_the_table_of_limits_has_each_limit_with_its_default() -> None:
    written: dict[str, str] = {}
    for row in table(section("Limits"), "Limit"):
        written |= dict(zip(names(row[0]), row[1].split(", "), strict=True))
    for name in limits.Limits.__struct_fields__:
        said = f"{getattr(DEFAULT, name):,}"
        assert written.pop(name, None) == said, (
            f"docs/protocol.md, Limits: write `{name}` with the default {said}"
        )
    assert not written, f"docs/protocol.md, Limits: remove {', '.join(written)}"
