"""The JSON Schemas of commands and of all that the server sends."""

from typing import Any

import msgspec

from chat.payloads.glossary import explain

from .surface import SCHEMAS, Json, Struct, commands, name_of, sent


def command_schemas() -> Json:
    components = _components(commands())
    for cls in commands():
        schema = components.pop(cls.__name__)
        components[name_of(cls)] = schema | {"title": name_of(cls)}
    return _explained(components)


def sent_schemas() -> Json:
    """Fields with a default are required here: the default serves the code that makes
    a frame, and the server writes the field every time."""
    components = _components(sent())
    for schema in components.values():
        fields = schema.get("properties", {})
        always = {name for name in fields if "default" in fields[name]}
        always |= set(schema.get("required", ()))
        schema["required"] = [name for name in fields if name in always]
    return _explained(components)


def _explained(schemas: Json) -> Json:
    for name, schema in schemas.items():
        explain(name, schema)
    return schemas


def _components(types: list[Struct]) -> Json:
    _, components = msgspec.json.schema_components(
        types, ref_template=SCHEMAS + "{name}"
    )
    return {name: _tidy(schema) for name, schema in sorted(components.items())}


def merged(left: Json, right: Json) -> Json:
    """Both together. Raises ValueError when one name means two shapes."""
    for name in left.keys() & right.keys():
        if left[name] != right[name]:
            raise ValueError(f"two different shapes are named {name}")
    return left | right


def _tidy(node: Any) -> Any:
    """The schema without what is Python's alone: line ends, `Raw` beside the type that
    it encodes, and OpenAPI's discriminators, which AsyncAPI writes in another way."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _tidy(value) for key, value in node.items() if key != "discriminator"}
    if isinstance(node.get("description"), str):
        node["description"] = flat(node["description"])
    choices = [choice for choice in node.get("anyOf", ()) if choice != {}]
    if len(choices) == 1:
        del node["anyOf"]
        return choices[0] | node
    return node | {"anyOf": choices} if choices else node


def flat(text: str | None) -> str:
    """The text on one line."""
    return " ".join((text or "").split())
