"""A search for messages, in the rooms that a person belongs to and may see.

Each database searches in its own way (matching.py). A match has every word of `q`, in
any case of its letters, and no word of `q` that has a minus before it.

PostgreSQL finds whole words through an index, and knows "a phrase" and OR. Characters
that its parser would read as part of an address or of a compound separate words.
SQLite finds parts of words too, and takes OR for a word. A word with letters outside
ASCII is found as written, all small, all capital, and with a capital first.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import BigAutoField, QuerySet, UUIDField

from accounts.actor import Actor, Scope, check_account, check_scope
from core.bus.envelopes import Audience
from core.compiled import Among, Given, compiled
from core.errors import Invalid
from core.ids import known_uuids
from core.limits.table import SEARCH_CHARACTERS, SEARCH_PAGE
from core.text import clean_prose

from ...access.rooms import access_room
from ...access.visibility import check_read, is_open_to
from ...models import Membership, Message, Messages
from ...payloads.messages import HitPayload, SearchPayload
from ..message_rows import Rows, message_payloads, whole
from .matching import Query, find
from .splitting import split

# Marks around a word do not belong to it; marks inside do.
_WORD = re.compile(r"[^\W_](?:\S*[^\W_])?")
_PART = re.compile(r"[^\W_]+")
_UNWANTED = re.compile(r'(?<!\S)-+(?:"[^"]*"?|\S+)')
_CURSOR = re.compile(r"[0-9]{1,18}", re.ASCII)
# Characters of a snippet, and how many of them come before its first hit.
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
    )
    asked = {
        "created_at__gte": after,
        "created_at__lt": before,
        "sender__in": known_uuids([sender]) if sender is not None else None,
        "pk__lt": _position(cursor) if cursor is not None else None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return _page(rows.filter(**given), query, limit)


def said_anywhere(q: str, limit: int) -> list[int]:
    """Keys of messages in all rooms, the newest first, for the admin site alone.

    Raises Invalid.
    """
    return find(Message.objects.all(), _parsed(q), limit).keys


def _parsed(q: str) -> Query:
    """Brings `q` into the form in which texts are stored. Raises Invalid."""
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
    """The rooms that this person may read, or the one that they named.

    Raises RoomNotFound or Forbidden for a room that was named.
    """
    if room is not None:
        seat = access_room(actor, room)
        check_read(seat)
        return [seat.room.pk]
    check_scope(actor, Scope.READ)
    return [pk for (pk,) in _own_rooms(actor.user.audience).rows(user=actor.id)]


@compiled
def _own_rooms(audience: Audience) -> QuerySet[Membership, tuple[UUID]]:
    mine = Membership.objects.filter(user=Given("user", UUIDField()))
    return mine.filter(is_open_to(audience, "room__")).values_list("room_id")


def _page(rows: Messages, query: Query, limit: int) -> SearchPayload:
    keys, position = find(rows, query, limit)
    messages = message_payloads(_found().rows(keys=keys))
    pattern = _pattern(query.wanted)
    hits = []
    for message in messages:
        snippet = _snippet(message.body, pattern)
        spans = [match.span() for match in pattern.finditer(snippet)]
        hits.append(HitPayload(message, snippet, spans))
    return SearchPayload(hits, None if position is None else str(position))


@compiled
def _found() -> Rows:
    among = Message.objects.filter(Among("pk", "keys", BigAutoField()))
    return whole(among.order_by("-pk"))


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the words, the longest first: "carpet" is marked before "car"."""
    marked = set(words)
    is_whole = connection.vendor == "postgresql"
    if is_whole:
        # It takes most words with a mark inside for several words.
        marked |= {part for word in marked for part in _PART.findall(word)}
    longest = sorted(marked, key=lambda word: (-len(word), word))
    any_word = "|".join(re.escape(word) for word in longest)
    if is_whole:
        any_word = rf"(?<![^\W_])(?:{any_word})(?![^\W_])"
    return re.compile(any_word, re.IGNORECASE)


def _snippet(body: str, pattern: re.Pattern[str]) -> str:
    """One line of the text around its first hit, with … where it was cut."""
    line = re.sub(r"\s", " ", body)
    first = pattern.search(line)
    start = max(0, first.start() - _LEAD) if first else 0
    if start:
        # From the beginning of a word, if one begins before the hit.
        space = line.find(" ", start, first.start() if first else None)
        start = space + 1 if space >= 0 else start
    end = start + SNIPPET
    head, tail = ("…" if start else ""), ("…" if end < len(line) else "")
    return f"{head}{line[start:end].strip()}{tail}"
