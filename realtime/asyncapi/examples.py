"""Examples: values that a schema allows, for people to read."""

from typing import Any

from .surface import SCHEMAS, Json

# Fields that may be null, but seldom are.
_GIVEN = {"sender", "client_id", "role", "ref", "recovered"}
# Fields that may be missing, and mostly are.
_RARE = {"error", "event", "fields", "retry_after"}
_BY_TYPE: Json = {"string": "text", "integer": 1, "number": 1.0, "boolean": True}


class Examples:
    """Makes the most usual value that a schema allows, going by the fields' names."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas

    def of(self, schema: Json, field: str = "") -> Any:
        if {"type": "null"} in schema.get("anyOf", ()) and field not in _GIVEN:
            return None
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].removeprefix(SCHEMAS)], field)
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], field)
        if "enum" in schema:
            return schema.get("default", schema["enum"][-1])
        if schema.get("type") == "array":
            return [self.of(schema["items"], field)]
        if schema.get("type") == "object":
            return self._object(schema)
        return schema.get("default", _BY_TYPE[schema["type"]])

    def _object(self, schema: Json) -> Json:
        """A command with its required fields; a frame with all but the rare ones."""
        is_closed = schema.get("additionalProperties") is False
        rare = schema.get("properties", {}).keys() if is_closed else _RARE
        return {
            name: self.of(field, name)
            for name, field in schema.get("properties", {}).items()
            if name in schema.get("required", ()) or name not in rare
        }
