"""What no server may print: what the tests gave it, looked for in all of its output.

Every served process runs at LOG_LEVEL=DEBUG, and when it ends its log is searched: for
anything like a token, and for the passwords, tickets and texts that it was sent.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRET_FIELDS = {
    "password",
    "current_password",
    "new_password",
    "refresh",
    "token",
    "ticket",
    "body",
    "emoji",
    "status",
}
# Shorter ones are words of ours, too.
MIN_LENGTH = 9
# A head and the beginning of what it is the head of: a whole token, or one cut short.
_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")

# A field printed with what is in it, however short: JSON, a repr, a keyword.
_FIELD = re.compile(
    r"""\b(?:body|\w*password|refresh|ticket|token)\b["']?\s*[:=]\s*["'][^"']+"""
)

_given: defaultdict[int, set[str]] = defaultdict(set)


def give(port: int, content: Any) -> None:
    """Remember what is secret of a body or a command."""
    _given[port] |= set(_secrets(content))


def check(port: int, log: Path) -> None:
    """Raises AssertionError with the place, and the secret cut."""
    printed = log.read_text(errors="replace")
    found = [m[0] for looks in (_TOKEN, _FIELD) for m in looks.finditer(printed)]
    found += [secret for secret in _given[port] if secret in printed]
    if found:
        line = next(line for line in printed.splitlines() if found[0][:9] in line)
        shown = line.replace(found[0], found[0][:4] + "…")
        raise AssertionError(f"{len(found)} secrets in {log}, the first in: {shown}")


def _secrets(content: Any, name: str = "") -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _secrets(value, str(key))
    elif isinstance(content, list):
        for value in content:
            yield from _secrets(value, name)
    elif isinstance(content, str) and name in SECRET_FIELDS:
        # A log has one line for each; what it would escape it is not asked for.
        yield from (
            p for p in re.split(r"[^\x20-\x7e]", content) if len(p) >= MIN_LENGTH
        )
