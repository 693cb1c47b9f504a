"""The check that tests apply to each frame: whether it is as asyncapi.yaml says."""

import copy
from typing import Any

import pytest
import yaml

from tests.frames import FILE, Contract, committed

from .good_commands import GOOD

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
    loaded: Json = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("command", [frame for frame, _ in GOOD])
def test_a_command_that_the_server_takes_passes(command: Json) -> None:
    committed().check_command(command)


def test_a_frame_that_fits_its_schema_passes() -> None:
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
def test_a_frame_that_does_not_fit_its_schema_is_caught(
    change: Json, problem: str
) -> None:
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


def test_a_reply_that_is_like_none_of_the_replies_is_caught() -> None:
    committed().check_sent({"type": "reply", "ref": 1})
    with pytest.raises(AssertionError, match=r"PongReply.*server_time"):
        committed().check_sent({"type": "reply", "ref": 1, "server_time": "today"})


def test_a_time_that_is_not_in_utc_is_caught() -> None:
    pong = {"type": "reply", "ref": 1, "server_time": "2026-11-20T22:51:05.705774Z"}
    committed().check_sent(pong)
    local = pong | {"server_time": "2026-11-20T22:51:05.705774+01:00"}
    with pytest.raises(AssertionError, match="date-time"):
        committed().check_sent(local)


def test_an_inner_field_that_is_not_described_is_caught(document: Json) -> None:
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
