"""openapi.yaml is what the code generates, and says everything about an operation."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from jsonschema import (  # type: ignore[import-untyped]  # published without types
    Draft202012Validator,
)

from api import exceptions
from api.schema import ErrorBody
from api.urls import urlpatterns
from chat.payloads.messages import MessagePayload
from chat.payloads.rooms import RoomPayload
from core.errors import Refusal

FILE: Path = settings.BASE_DIR / "openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}
PUBLIC = {
    "register",
    "log_in",
    "enter_as_guest",
    "refresh",
    "ask_for_password_reset",
    "reset_password",
    "confirm_email",
    "get_limits",
    "get_avatar",
}
# Not in the chat's tree: only an address can be wrong in these ways.
HTTP_CODES = {"not_found", "method_not_allowed", "unsupported_media_type"}


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS & methods.keys():
            yield path, method, methods[method]


def test_file_is_what_the_code_generates(tmp_path: Path) -> None:
    generated = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", generated)
    difference = difflib.unified_diff(
        FILE.read_text().splitlines(keepends=True),
        generated.read_text().splitlines(keepends=True),
        "openapi.yaml",
        "generated",
    )
    text = "".join(difference)
    assert not text, f"run `make schema`\n{text}"


def test_every_address_is_described(committed: dict[str, Any]) -> None:
    described = {path for path, _, _ in operations(committed)}
    routed = {
        "/api/v1/"
        + str(route.pattern)
        .replace("<str:", "<")
        .replace("<path:", "<")
        .replace("<uuid:", "<")
        for route in urlpatterns
        if route.callback is not exceptions.not_found
    }
    assert described == {
        path.replace("<int:", "<").replace("<", "{").replace(">", "}")
        for path in routed
    }


def test_every_operation_has_a_name_of_its_own(committed: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(committed)]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() and name.islower() for name in names)


def test_every_operation_has_a_summary(committed: dict[str, Any]) -> None:
    for path, method, operation in operations(committed):
        assert operation.get("summary"), (method, path)


def test_every_error_is_the_one_shape(committed: dict[str, Any]) -> None:
    shape = {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}
    for path, method, operation in operations(committed):
        for status, answer in operation["responses"].items():
            if status >= "400":
                content = answer["content"]["application/json"]
                assert content["schema"] == shape, (method, path, status)


def test_every_error_names_codes_of_that_status(committed: dict[str, Any]) -> None:
    status_of = {cls.code: str(cls.status) for cls in _refusals(Refusal)}
    for path, method, operation in operations(committed):
        for status, answer in operation["responses"].items():
            if status >= "400":
                named = answer["description"].removeprefix("Refused: ").rstrip(".")
                for code in named.split(", "):
                    assert status_of[code] == status, (method, path, code)


def _refusals(cls: type[Refusal]) -> Iterator[type[Refusal]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _refusals(child)


def test_every_operation_but_the_public_ones_wants_a_token(
    committed: dict[str, Any],
) -> None:
    for _, _, operation in operations(committed):
        public = operation["operationId"] in PUBLIC
        assert operation.get("security") == (None if public else [{"bearer": []}])
        assert public or "401" in operation["responses"]


def test_every_operation_with_input_may_call_it_invalid(
    committed: dict[str, Any],
) -> None:
    for path, method, operation in operations(committed):
        query = [p for p in operation.get("parameters", []) if p["in"] == "query"]
        if query or "requestBody" in operation:
            assert "400" in operation["responses"], (method, path)


def test_every_operation_on_a_room_may_not_find_it(committed: dict[str, Any]) -> None:
    for path, method, operation in operations(committed):
        if "{room_id}" in path:
            answer = operation["responses"]["404"]
            assert "room_not_found" in answer["description"], (method, path)


@pytest.mark.parametrize("payload", [MessagePayload, RoomPayload, ErrorBody])
def test_fields_of_a_payload_are_described(
    committed: dict[str, Any], payload: type
) -> None:
    schema = committed["components"]["schemas"][payload.__name__]
    assert set(schema["properties"]) == set(payload.__struct_fields__)  # type: ignore[attr-defined]  # msgspec's own attribute


def fields(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described


def test_every_field_says_what_it_is_and_shows_one(committed: dict[str, Any]) -> None:
    for name, field in fields(committed):
        assert field.get("description"), name
        assert "$ref" in str(field) or "examples" in field, name


def test_every_example_is_what_its_field_allows(committed: dict[str, Any]) -> None:
    for name, field in fields(committed):
        for example in field.get("examples", ()):
            schema = {**field, "components": committed["components"]}
            problems = list(Draft202012Validator(schema).iter_errors(example))
            assert not problems, (name, problems)


def test_every_parameter_says_what_it_is_and_shows_one(
    committed: dict[str, Any],
) -> None:
    for path, method, operation in operations(committed):
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (method, path)
            validator = Draft202012Validator(parameter["schema"])
            assert validator.is_valid(parameter["example"]), (method, path, parameter)


def test_every_reference_leads_somewhere(committed: dict[str, Any]) -> None:
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

    known = committed["components"]["schemas"].keys()
    found = {
        name.removeprefix("#/components/schemas/") for name in references(committed)
    }
    assert found <= known
    assert "MessagePayload" in found


def test_no_two_refusals_share_a_code() -> None:
    # The root's is that of Internal, the one refusal that has no other reason.
    refusals = [cls for cls in _refusals(Refusal) if cls is not Refusal]
    # Without one of its own it is, to a client, what its parent is.
    codes = [cls.code for cls in refusals if "code" in vars(cls)]
    assert len(codes) == len(set(codes))
    assert Refusal.code in codes
