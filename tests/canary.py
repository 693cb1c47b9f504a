"""No log has a secret: tests mark the secrets that they send, and search every log.

A served process runs at LOG_LEVEL=DEBUG, and its output is searched when it has ended.
Tokens are also found by their shape, even if no test marked them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

# A shorter one could be found by chance, in a time or an id.
SHORTEST = 9
SHORTEST_PASSWORD = 8
# Loggers cut long texts, so this much of a secret counts as the secret.
_ENOUGH = 24

# Header and claims of a JWT are JSON, and `{"` is `eyJ` in base64.
_SHAPES = {
    "a token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a query string with a token": re.compile(r"[?&](?:token|ticket)=(?!\*|\[)\S+"),
    # A field printed with its value, however short: JSON, a repr, a keyword.
    "a secret field": re.compile(
        r"""\b(?:body|\w*password|refresh|ticket|token)\b"""
        r"""\\?["']?\s*[:=]\s*\\?["'][^"'\\]+"""
    ),
}
_FIELDS = {
    "body": "a message body",
    "emoji": "a reaction",
    "status": "a status",
    "password": "a password",
    "current_password": "a password",
    "new_password": "a password",
    "token": "a token",
    "access": "a token",
    "refresh": "a token",
    "ticket": "a ticket",
}

_marked: dict[str, str] = {}


class SecretInLog(AssertionError):
    """The message names the kind of secret, and does not have the secret itself."""


def mark(kind: str, secret: str) -> None:
    """Let no log have this secret, as it is or as JSON or Python write it."""
    # The parts before the signature are the same in many tokens.
    text = secret.rsplit(".", 1)[-1] if kind in {"a token", "a ticket"} else secret
    shortest = SHORTEST_PASSWORD if kind == "a password" else SHORTEST
    for written in {text, json.dumps(text)[1:-1], repr(text)[1:-1]}:
        if len(written.strip()) >= shortest and len(set(written)) > 1:
            _marked.setdefault(written[:_ENOUGH], kind)


def mark_all(sent: Any) -> None:
    """Mark the secrets in the JSON of a request, an answer or a frame."""
    for name, value in _strings(sent):
        if name in _FIELDS:
            mark(_FIELDS[name], value)


def search(log: str) -> None:
    """Raises SecretInLog when the log has a marked secret or the shape of a token."""
    for kind, shape in _SHAPES.items():
        if match := shape.search(log):
            raise _secret(kind, log, match.start(), match.end())
    # One pass over the log is enough for all marked secrets.
    step = SHORTEST_PASSWORD
    windows = {log[at : at + step] for at in range(len(log) - step + 1)}
    for secret, kind in _marked.items():
        if secret[:step] in windows and secret in log:
            start = log.index(secret)
            raise _secret(kind, log, start, start + len(secret))


def _secret(kind: str, log: str, start: int, end: int) -> SecretInLog:
    line_start = log.rfind("\n", 0, start) + 1
    before = log[max(line_start, start - 200) : start]
    shown = log[start : min(start + 4, end)]
    return SecretInLog(f"{kind} is in the log of the server: {before}{shown}[...]")


def _strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _strings(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, name)
