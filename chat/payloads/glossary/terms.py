"""A term of the glossary, and the values that several examples share."""

from typing import Any, NamedTuple


class Term(NamedTuple):
    """A field in words, and a value that it may have."""

    says: str
    example: Any = None


PERSON = "01a1fb27-fbe3-75d0-bbaf-1403da6a7a17"
ROOM = "01a1fb27-fd0a-71fd-82c3-fff019bd9000"
TIME = "2026-11-20T22:51:05.666342Z"
