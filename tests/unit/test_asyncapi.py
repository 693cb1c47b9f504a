"""asyncapi.yaml is what the code generates, says everything, and is kept to."""

import copy
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
from tests.frames import FILE, Contract, committed

from .test_decoder import GOOD

Json = dict[str, Any]

BYE = {
    "type": "bye",
    "code": 4000,
    "reason": "shutting_down",
    "reconnect": True,
    "retry_after": None,
}


@pytest.fixture(scope="module")
def document() -> Json:
    found: Json = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


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


# --- The file -------------------------------------------------------------------------


def test_file_is_what_the_code_generates() -> None:
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


def test_it_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "asyncapi.yaml"
    call_command("asyncapi", file=file)
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == asyncapi.document()


def test_every_command_is_in_it(document: Json) -> None:
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
def test_every_frame_and_event_is_in_it(
    document: Json, module: types.ModuleType
) -> None:
    messages = document["components"]["messages"]
    found = tagged(module)
    assert found
    for cls in found:
        assert messages[cls.__name__]["name"] == cls.__struct_config__.tag
        schema = document["components"]["schemas"][cls.__name__]
        assert set(schema["properties"]) == {"type", *cls.__struct_encode_fields__}


def test_every_error_code_is_in_it(document: Json) -> None:
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


def test_every_close_code_is_in_it(document: Json) -> None:
    described = {row["code"]: row["reconnect"] for row in document["x-close-codes"]}
    assert described == {int(code): code.reconnect for code in CloseCode}


def test_every_schema_is_json_schema(document: Json) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: Json) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_nothing_is_described_that_no_message_has(document: Json) -> None:
    used = {
        reference.rpartition("/")[2]
        for reference in references(document["components"])
        if reference.startswith("#/components/schemas/")
    }
    assert used == document["components"]["schemas"].keys()


def test_every_command_that_is_answered_says_how(document: Json) -> None:
    replies = {cls.__name__ for cls in surface.replies()}
    answered = set()
    for name, operation in document["operations"].items():
        named = [
            reference["$ref"].rpartition("/")[2]
            for reference in operation.get("reply", {}).get("messages", ())
        ]
        if operation["action"] == "receive" and named:
            assert named[-1] == "Error", name
            assert replies.issuperset(named[:-1]), name
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
def test_the_reply_is_the_one_that_the_handler_makes(
    document: Json, command: type, replies: list[type]
) -> None:
    operation = document["operations"][f"receive{command.__name__}"]
    assert [
        row["$ref"].rpartition("/")[2] for row in operation["reply"]["messages"]
    ] == [
        *[reply.__name__ for reply in replies],
        "Error",
    ]


def test_every_example_is_as_described(document: Json) -> None:
    contract = committed()
    for name, message in document["components"]["messages"].items():
        for example in message["examples"]:
            if name.endswith("Command"):
                contract.check_command(example["payload"])
                decode(msgspec.json.encode(example["payload"]).decode())
            else:
                contract.check_sent(example["payload"])


# --- Frames against it ----------------------------------------------------------------


@pytest.mark.parametrize("command", [frame for frame, _ in GOOD])
def test_commands_that_the_server_takes_are_described(command: Json) -> None:
    committed().check_command(command)


def test_a_frame_as_described_passes() -> None:
    committed().check_sent(BYE)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "goodbye"}, "has no 'goodbye'"),
        ({"secret": 1}, "Additional properties"),
        ({"reconnect": "yes"}, "not of type 'boolean'"),
        ({"code": 4999}, "unknown close code"),
    ],
)
def test_a_frame_that_is_not_as_described_is_caught(change: Json, problem: str) -> None:
    with pytest.raises(AssertionError, match=problem):
        committed().check_sent(BYE | change)


def test_a_missing_field_is_caught() -> None:
    with pytest.raises(AssertionError, match="'code' is a required property"):
        committed().check_sent({k: v for k, v in BYE.items() if k != "code"})


def test_an_unknown_error_code_is_caught() -> None:
    error = {"type": "error", "ref": 1, "code": "muted", "detail": "Hush."}
    committed().check_sent(error)
    with pytest.raises(AssertionError, match="unknown code"):
        committed().check_sent(error | {"code": "hush"})


def test_a_reply_is_one_of_the_replies() -> None:
    committed().check_sent({"type": "reply", "ref": 1})
    with pytest.raises(AssertionError, match=r"PongReply.*server_time"):
        committed().check_sent({"type": "reply", "ref": 1, "server_time": "today"})


def test_a_time_is_in_utc() -> None:
    pong = {"type": "reply", "ref": 1, "server_time": "2026-11-20T22:51:05.705774Z"}
    committed().check_sent(pong)
    local = pong | {"server_time": "2026-11-20T22:51:05.705774+01:00"}
    with pytest.raises(AssertionError, match="date-time"):
        committed().check_sent(local)


def test_a_field_inside_that_is_not_described_is_caught(document: Json) -> None:
    messages = document["components"]["messages"]
    hello = copy.deepcopy(messages["Hello"]["examples"][0]["payload"])
    hello["user"]["email"] = "alice@example.org"
    with pytest.raises(AssertionError, match="email"):
        committed().check_sent(hello)


def test_a_field_that_the_document_forgets_is_caught(document: Json) -> None:
    forgetful = copy.deepcopy(document)
    schema = forgetful["components"]["schemas"]["Bye"]
    del schema["properties"]["reason"]
    schema["required"].remove("reason")
    with pytest.raises(AssertionError, match="reason"):
        Contract(forgetful).check_sent(BYE)
