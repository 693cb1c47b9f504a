"""Bugs that a chat server may well have, put into Hubbub to see whether they are found."""

from collections.abc import Callable

BUGS: dict[str, Callable[[], None]] = {}


def plant(name: str) -> None:
    BUGS[name]()
