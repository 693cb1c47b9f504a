"""Searching what was said, in the rooms that a person belongs to and may see.

The only module that knows how each database searches. Both want every word of `q`,
in any case of its letters, and none that has a minus before it.

PostgreSQL: whole words, through an index; "a phrase" and OR too. What its parser would
read as part of an address or of a compound separates words: _SPLITTING.
SQLite: parts of words too, and OR is a word; of letters outside ASCII it knows only
those as written, all small, all capital and with a capital first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

from accounts.models import User
from accounts.text import clean_prose

from . import limits
from .access.rooms import access_room
from .access.seat import Seat, check_account, known_uuids
from .access.visibility import check_read, may_see
from .errors import Invalid
from .limits import SEARCH_CHARACTERS, SEARCH_PAGE
from .models import Membership, Message, Messages
from .payloads import HitPayload, SearchPayload, message_payload

# Without the marks around it; those inside belong to it.
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")
_PART = re.compile(r"[^\W_]+")
_UNWANTED = re.compile(r'(?<!\S)-+(?:"[^"]*"?|\S+)')
_PIECE = re.compile(r'(-*)("[^"]*"?|[^\s"]+)')
_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)
# PostgreSQL looks ahead from each of these for an address, a path, a tag or a compound.
# A text full of them would take it a second, in the transaction that stores the text.
_SPLITTING = "<>@/~_.:&=+#?-"
_SPLIT = str.maketrans(dict.fromkeys(_SPLITTING, " "))
# A snippet is so long, with so much before its first hit.
SNIPPET = 200
_LEAD = 60


@dataclass(frozen=True, slots=True)
class _Query:
    text: str
    wanted: list[str]
    unwanted: list[str]


def search(
    user: User,
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

    `after` includes its moment, `before` does not. Raises Invalid, RateLimited and,
    for a room that is named, RoomNotFound or Forbidden.
    """
    check_account(user)
    limits.searches.take(user.pk)
    query = _parsed(q)
    rows = Message.objects.filter(
        room__in=_rooms(user, room), kind=Message.Kind.USER, deleted_at=None
    ).filter(_between(after, before))
    if sender is not None:
        rows = rows.filter(sender__in=known_uuids([sender]))
    if cursor is not None:
        rows = rows.filter(pk__lt=_position(cursor))
    return _page(rows.filter(_matches(query)), query, limit)


def _parsed(q: str) -> _Query:
    """Texts are looked for in the form that they are stored in."""
    if len(q) > SEARCH_CHARACTERS:
        raise Invalid(fields={"q": [f"At most {SEARCH_CHARACTERS} characters."]})
    text = clean_prose("q", q)
    wanted = _words(_UNWANTED.sub(" ", text))
    if not wanted:
        raise Invalid(fields={"q": ["Name a word to look for."]})
    return _Query(_split(text), wanted, _words(" ".join(_UNWANTED.findall(text))))


def _split(text: str) -> str:
    """For PostgreSQL, which finds texts by their words as they are split in the index.

    Words that belong together become a phrase. Each piece has one minus at most, since
    PostgreSQL answers a row of them with an error.
    """
    pieces = []
    for minuses, piece in _PIECE.findall(text):
        # Some locales of PostgreSQL take an emoji for a word.
        words = [w for w in piece.translate(_SPLIT).split() if _PART.search(w)]
        phrase = " ".join(word.replace('"', "") for word in words)
        if phrase:
            is_phrase = len(words) > 1 or '"' in piece
            pieces.append(minuses[:1] + (f'"{phrase}"' if is_phrase else phrase))
    return " ".join(pieces)


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(text)))


def _position(cursor: str) -> int:
    if not _CURSOR.fullmatch(cursor):
        raise Invalid(fields={"cursor": ["Give back the `next` of an answer."]})
    return int(cursor)


def _rooms(user: User, room: str | None) -> list[UUID]:
    """Where this person may read; of a named room they are told why not."""
    if room is not None:
        seat = access_room(user, room)
        check_read(seat)
        return [seat.room.pk]
    memberships = Membership.objects.filter(user=user).select_related("room")
    found = [Seat(user, membership.room, membership) for membership in memberships]
    return [seat.room.pk for seat in found if may_see(seat)]


def _between(after: datetime | None, before: datetime | None) -> Q:
    condition = Q()
    if after is not None:
        condition &= Q(created_at__gte=after)
    if before is not None:
        condition &= Q(created_at__lt=before)
    return condition


def _matches(query: _Query) -> Any:
    if connection.vendor == "postgresql":
        return _FullText(F("body"), Value(query.text))
    condition = Q()
    for word in query.wanted:
        condition &= _contains(word)
    for word in query.unwanted:
        condition &= ~_contains(word)
    return condition


class _FullText(Func):
    """The expression of the index, letter by letter: else it would not be used."""

    template = "(to_tsvector('simple', translate(%(expressions)s))"
    spaces = " " * len(_SPLITTING)
    arg_joiner = f", '{_SPLITTING}', '{spaces}')) @@ websearch_to_tsquery('simple', "
    output_field = BooleanField()


def _contains(word: str) -> Q:
    """LIKE folds ASCII alone."""
    forms = {word}
    if not word.isascii():
        forms |= {word.lower(), word.upper(), word.capitalize()}
    return reduce(or_, (Q(body__icontains=form) for form in sorted(forms)))


def _page(rows: Messages, query: _Query, limit: int) -> SearchPayload:
    # One more than asked for tells whether there is a next page.
    found = list(rows.whole().order_by("-pk")[: limit + 1])
    page = found[:limit]
    pattern = _pattern(query.wanted)
    hits = [_hit(message, pattern) for message in page]
    return SearchPayload(hits, str(page[-1].pk) if len(found) > limit else None)


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
