"""Searching what was said, in the rooms that a person belongs to and may see.

Each database searches in its own way (matching.py). Both want every word of `q`, in any
case of its letters, and none that has a minus before it.

PostgreSQL: whole words, through an index; "a phrase" and OR too. What its parser would
read as part of an address or of a compound separates words.
SQLite: parts of words too, and OR is a word; of letters outside ASCII it knows only
those as written, all small, all capital and with a capital first.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.actor import Actor, check_account
from core.errors import Invalid
from core.ids import known_uuids
from core.limits.table import SEARCH_CHARACTERS, SEARCH_PAGE
from core.text import clean_prose

from ...access.rooms import access_room
from ...access.seat import Seat
from ...access.visibility import check_read, may_see
from ...models import Membership, Message, Messages
from ...payloads.messages import HitPayload, SearchPayload, message_payload
from .matching import Query, find
from .splitting import split

# Without the marks around it; those inside belong to it.
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")
_PART = re.compile(r"[^\W_]+")
_UNWANTED = re.compile(r'(?<!\S)-+(?:"[^"]*"?|\S+)')
_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)
# A snippet is so long, with so much before its first hit.
SNIPPET = 200
_LEAD = 60


def search(
    actor: Actor,
    *,
    q: str,
    room: str | None = None,
    sender: str | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    cursor: str | None = None,
    limit: int = SEARCH_PAGE,
) -> SearchPayload:
    """A page of hits, newest first; `cursor` is the `next` of the page before.

    `after` includes its moment, `before` does not. The door takes from the rate limit.
    Raises Forbidden for a guest, Invalid, and RoomNotFound or Forbidden for a room that
    is named and may not be read.
    """
    check_account(actor)
    query = _parsed(q)
    rows = Message.objects.filter(
        room__in=_rooms(actor, room), kind=Message.Kind.USER, deleted_at=None
    ).filter(_between(after, before))
    if sender is not None:
        rows = rows.filter(sender__in=known_uuids([sender]))
    if cursor is not None:
        rows = rows.filter(pk__lt=_position(cursor))
    return _page(rows, query, limit)


def said_anywhere(q: str, limit: int) -> list[int]:
    """Keys of messages of all rooms, the newest first, for the admin site alone.

    Raises Invalid.
    """
    return find(Message.objects.all(), _parsed(q), limit).keys


def _parsed(q: str) -> Query:
    """Texts are looked for in the form that they are stored in."""
    if len(q) > SEARCH_CHARACTERS:
        raise Invalid(fields={"q": [f"At most {SEARCH_CHARACTERS} characters."]})
    text = clean_prose("q", q)
    positive = _UNWANTED.sub(" ", text)
    wanted = _words(positive)
    if not wanted:
        raise Invalid(fields={"q": ["Name a word to look for."]})
    unwanted = _words(" ".join(_UNWANTED.findall(text)))
    return Query(split(text), split(positive), wanted, unwanted)


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(text)))


def _position(cursor: str) -> int:
    if not _CURSOR.fullmatch(cursor):
        raise Invalid(fields={"cursor": ["Give back the `next` of an answer."]})
    return int(cursor)


def _rooms(actor: Actor, room: str | None) -> list[UUID]:
    """Where this person may read; of a named room they are told why not."""
    if room is not None:
        seat = access_room(actor, room)
        check_read(seat)
        return [seat.room.pk]
    memberships = Membership.objects.filter(user=actor.user).select_related("room")
    found = [Seat(actor, membership.room, membership) for membership in memberships]
    return [seat.room.pk for seat in found if may_see(seat)]


def _between(after: datetime | None, before: datetime | None) -> Q:
    condition = Q()
    if after is not None:
        condition &= Q(created_at__gte=after)
    if before is not None:
        condition &= Q(created_at__lt=before)
    return condition


def _page(rows: Messages, query: Query, limit: int) -> SearchPayload:
    keys, position = find(rows, query, limit)
    messages = Message.objects.whole().filter(pk__in=keys).order_by("-pk")
    pattern = _pattern(query.wanted)
    hits = [_hit(message, pattern) for message in messages]
    return SearchPayload(hits, None if position is None else str(position))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """The longest first: of "car" and "carpet" it is the carpet that is marked."""
    found = set(words)
    is_whole = connection.vendor == "postgresql"
    if is_whole:
        # It takes most words with a mark inside for several.
        found |= {part for word in found for part in _PART.findall(word)}
    longest = sorted(found, key=lambda word: (-len(word), word))
    any_word = "|".join(re.escape(word) for word in longest)
    if is_whole:
        any_word = rf"(?<![^\W_])(?:{any_word})(?![^\W_])"
    return re.compile(any_word, re.IGNORECASE)


def _hit(message: Message, pattern: re.Pattern[str]) -> HitPayload:
    snippet = _snippet(message.body, pattern)
    spans = [match.span() for match in pattern.finditer(snippet)]
    return HitPayload(message_payload(message), snippet, spans)


def _snippet(body: str, pattern: re.Pattern[str]) -> str:
    """One line of the text, around its first hit; … is where it was cut."""
    line = re.sub(r"\s", " ", body)
    first = pattern.search(line)
    start = max(0, first.start() - _LEAD) if first else 0
    if start:
        # From the beginning of a word, where there is one before the hit.
        space = line.find(" ", start, first.start() if first else None)
        start = space + 1 if space >= 0 else start
    end = start + SNIPPET
    head, tail = ("…" if start else ""), ("…" if end < len(line) else "")
    return f"{head}{line[start:end].strip()}{tail}"
