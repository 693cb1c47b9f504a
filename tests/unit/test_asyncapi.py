"""asyncapi.yaml is what the code generates, and describes everything."""

import difflib
import io
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from django.core.management import call_command
from jsonschema import (  # type: ignore[import-untyped]  # published without types
    Draft202012Validator,
)

from chat import events
from core.errors import Refusal
from realtime import asyncapi
from realtime.asyncapi import surface
from realtime.protocol import commands, frames
from realtime.protocol.close_codes import CloseCode
from realtime.protocol.decoder import decode
from tests.frames import FILE, committed

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    loaded: Json = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


def tagged(module: types.ModuleType) -> set[type[msgspec.Struct]]:
    """Everything in a module that is a frame by itself."""
    return {
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__struct_config__.tag_field == "type"
        and not value.__name__.startswith("_")
    }


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def test_the_file_is_what_the_code_generates() -> None:
    generated = io.StringIO()
    call_command("asyncapi", stdout=generated)
    difference = difflib.unified_diff(
        FILE.read_text(encoding="utf-8").splitlines(keepends=True),
        generated.getvalue().splitlines(keepends=True),
        "asyncapi.yaml",
        "generated",
    )
    text = "".join(difference)
    assert not text, f"run `make schema`\n{text}"


def test_the_command_writes_the_file_where_it_is_told(tmp_path: Path) -> None:
    file = tmp_path / "asyncapi.yaml"
    call_command("asyncapi", file=file)
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == asyncapi.document()


def test_every_command_is_described(document: Json) -> None:
    described = {
        (name, message["name"])
        for name, message in document["components"]["messages"].items()
        if message["tags"] == [{"name": "command"}]
    }
    assert described == {
        (f"{cls.__name__}Command", cls.__struct_config__.tag)
        for cls in tagged(commands)
    }


@pytest.mark.parametrize("module", [frames, events])
def test_every_frame_and_event_is_described(
    document: Json, module: types.ModuleType
) -> None:
    messages = document["components"]["messages"]
    frames_of_module = tagged(module)
    assert frames_of_module
    for cls in frames_of_module:
        assert messages[cls.__name__]["name"] == cls.__struct_config__.tag
        schema = document["components"]["schemas"][cls.__name__]
        assert set(schema["properties"]) == {"type", *cls.__struct_encode_fields__}


def test_every_error_code_is_described(document: Json) -> None:
    described = {row["code"]: row["status"] for row in document["x-error-codes"]}
    assert len(described) == len(document["x-error-codes"])
    assert described == {
        cls.code: cls.status
        for cls in _refusals(Refusal)
        if cls.__module__ in {"core.errors", "chat.errors"}
    }


def _refusals(cls: type[Refusal]) -> Iterator[type[Refusal]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _refusals(child)


def test_every_close_code_is_described(document: Json) -> None:
    described = {row["code"]: row["reconnect"] for row in document["x-close-codes"]}
    assert described == {int(code): code.reconnect for code in CloseCode}


def test_every_schema_is_valid_json_schema(document: Json) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: Json) -> None:
    all_references = set(references(document))
    assert all_references
    for reference in all_references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_schema_is_used_by_a_message(document: Json) -> None:
    used = {
        reference.rpartition("/")[2]
        for reference in references(document["components"])
        if reference.startswith("#/components/schemas/")
    }
    assert used == document["components"]["schemas"].keys()


def test_every_command_with_a_reply_names_its_replies(document: Json) -> None:
    replies = {cls.__name__ for cls in surface.replies()}
    answered = set()
    for name, operation in document["operations"].items():
        named = [
            reference["$ref"].rpartition("/")[2]
            for reference in operation.get("reply", {}).get("messages", ())
        ]
        if operation["action"] == "receive" and named:
            *declared, error = named
            assert error == "Error", name
            assert declared, name
            assert replies.issuperset(declared), name
            answered.add(name.removeprefix("receive"))
    assert answered == {cls.__name__ for cls in commands.Asking.__args__}


@pytest.mark.parametrize(
    ("command", "replies"),
    [
        (commands.Subscribe, [frames.SubscribeReply]),
        (commands.MessageSend, [frames.MessageReply, frames.DirectReply]),
        (commands.Ping, [frames.PongReply]),
    ],
)
def test_a_command_is_answered_with_what_its_handler_returns(
    document: Json, command: type, replies: list[type]
) -> None:
    operation = document["operations"][f"receive{command.__name__}"]
    assert [
        row["$ref"].rpartition("/")[2] for row in operation["reply"]["messages"]
    ] == [
        *[reply.__name__ for reply in replies],
        "Error",
    ]


def test_every_example_fits_its_schema(document: Json) -> None:
    contract = committed()
    for name, message in document["components"]["messages"].items():
        for example in message["examples"]:
            if name.endswith("Command"):
                contract.check_command(example["payload"])
                decode(msgspec.json.encode(example["payload"]).decode())
            else:
                contract.check_sent(example["payload"])
