"""Holds frames against `asyncapi.yaml`: the server may send nothing that it lacks.

This is stricter than a client should be: a client ignores fields that it does not know.
"""

import functools
import json
from collections import defaultdict
from datetime import datetime
from typing import Any

import yaml
from django.conf import settings
from jsonschema import (  # type: ignore[import-untyped]  # published without types
    Draft202012Validator,
    FormatChecker,
)
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # the same

Json = dict[str, Any]

FILE = settings.BASE_DIR / "asyncapi.yaml"


def _is_utc(value: object) -> bool:
    """RFC 3339 as the protocol has it: in UTC, with a Z at the end."""
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value)
    return value.endswith("Z")


formats = FormatChecker(formats=())
formats.checks("date-time", raises=ValueError)(_is_utc)


class Contract:
    """One document's messages, each ready to check a frame against."""

    def __init__(self, document: Json) -> None:
        schemas = {
            name: _closed(schema)
            for name, schema in document["components"]["schemas"].items()
        }
        self.errors = {row["code"] for row in document["x-error-codes"]}
        self.closes = {row["code"] for row in document["x-close-codes"]}
        # By `type`, since several messages have the type `reply`.
        self.commands: dict[str, Json] = defaultdict(dict)
        self.sent: dict[str, Json] = defaultdict(dict)
        for name, message in document["components"]["messages"].items():
            is_command = {"name": "command"} in message["tags"]
            side = self.commands if is_command else self.sent
            side[message["name"]][name] = Draft202012Validator(
                {**message["payload"], "components": {"schemas": schemas}},
                format_checker=formats,
            )

    def check_command(self, command: Json) -> None:
        """Raises AssertionError when a client should not send this."""
        _check(self.commands.get(command["type"], {}), command)

    def check_sent(self, frame: Json) -> None:
        """Raises AssertionError when the server should not have sent this."""
        _check(self.sent.get(frame["type"], {}), frame)
        if frame["type"] == "error":
            assert frame["code"] in self.errors, f"unknown code: {frame}"
        if frame["type"] == "bye":
            assert frame["code"] in self.closes, f"unknown close code: {frame}"


@functools.cache
def document() -> Json:
    """The committed file."""
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


@functools.cache
def committed() -> Contract:
    return Contract(document())


@functools.lru_cache(maxsize=10_000)
def check_sent(text: str | bytes) -> None:
    """Hold a text against the committed file, once for all sockets that receive it.

    Raises AssertionError.
    """
    committed().check_sent(json.loads(text))


def _check(candidates: Json, frame: Json) -> None:
    assert candidates, f"asyncapi.yaml has no {frame['type']!r}: {frame}"
    problems = {}
    for name, validator in candidates.items():
        error = best_match(validator.iter_errors(frame))
        if error is None:
            return
        problems[name] = f"{error.json_path}: {error.message}"
    raise AssertionError(f"not as asyncapi.yaml says: {problems}\n{frame}")


def _closed(node: Any) -> Any:
    """Forbid fields that a schema does not name; one that names none stays open."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if node.get("type") == "object" and "properties" in node:
        closed["additionalProperties"] = False
    return closed
