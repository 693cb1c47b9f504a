"""Texts as PostgreSQL indexes them: by plain words alone.

At each character of SPLITTING its parser looks ahead for an address, a path, a tag or a
compound. With a text full of them it would work for a second, in the transaction that
stores the text. So these characters separate words, in the index and in a search.
"""

import re

# As in migration 0007.
SPLITTING = "<>@/~_.:&=+#?-"
_SPLIT = str.maketrans(dict.fromkeys(SPLITTING, " "))
_PIECE = re.compile(r'(-*)("[^"]*"?|[^\s"]+)')
_WORD = re.compile(r"[^\W_]+")


def split(q: str) -> str:
    """A query for PostgreSQL, with its words split as those of the texts are.

    A word that is split becomes a phrase. Each piece keeps one minus at most, since
    PostgreSQL answers a row of them with an error.
    """
    pieces = []
    for minuses, piece in _PIECE.findall(q):
        # Some locales of PostgreSQL take an emoji for a word.
        words = [w for w in piece.translate(_SPLIT).split() if _WORD.search(w)]
        phrase = " ".join(word.replace('"', "") for word in words)
        if phrase:
            is_phrase = len(words) > 1 or '"' in piece
            pieces.append(minuses[:1] + (f'"{phrase}"' if is_phrase else phrase))
    return " ".join(pieces)
