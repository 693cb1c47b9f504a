"""The JSON Schemas of what there is, as a client needs them."""

from typing import Any

import msgspec

from chat.payloads.glossary import explain

from .surface import SCHEMAS, Json, Struct, commands, name_of, sent


def command_schemas() -> Json:
    found = _components(commands())
    for cls in commands():
        schema = found.pop(cls.__name__)
        found[name_of(cls)] = schema | {"title": name_of(cls)}
    return _explained(found)


def sent_schemas() -> Json:
    """A default is for who makes a frame. The server writes every field that has one,
    so to clients it is a field that is always there."""
    found = _components(sent())
    for schema in found.values():
        fields = schema.get("properties", {})
        always = {name for name in fields if "default" in fields[name]}
        always |= set(schema.get("required", ()))
        schema["required"] = [name for name in fields if name in always]
    return _explained(found)


def _explained(schemas: Json) -> Json:
    for name, schema in schemas.items():
        explain(name, schema)
    return schemas


def _components(types: list[Struct]) -> Json:
    _, found = msgspec.json.schema_components(types, ref_template=SCHEMAS + "{name}")
    return {name: _tidy(schema) for name, schema in sorted(found.items())}


def merged(left: Json, right: Json) -> Json:
    for name in left.keys() & right.keys():
        if left[name] != right[name]:
            raise ValueError(f"two different shapes are named {name}")
    return left | right


def _tidy(node: Any) -> Any:
    """Without what only Python sees: line ends, and `Raw` beside what it encodes."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _tidy(value) for key, value in node.items()}
    if isinstance(node.get("description"), str):
        node["description"] = flat(node["description"])
    choices = [choice for choice in node.get("anyOf", ()) if choice != {}]
    if len(choices) == 1:
        del node["anyOf"]
        return choices[0] | node
    return node | {"anyOf": choices} if choices else node


def flat(text: str | None) -> str:
    return " ".join((text or "").split())
