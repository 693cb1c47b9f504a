"""How `openapi.yaml` is made: payload types become schemas, errors are one shape.

`GET /api/openapi.yaml` serves the same; `make schema` writes the committed file.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiResponse, extend_schema

from chat.payloads.glossary import explain, term

View = TypeVar("View", bound=Callable[..., Any])

_REF = "#/components/schemas/{name}"


class ErrorBody(msgspec.Struct, frozen=True):
    """Every refusal. `code` is stable, `detail` is for people."""

    code: str
    detail: str
    fields: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    retry_after: float | msgspec.UnsetType = msgspec.UNSET


class PayloadExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Takes a msgspec type wherever drf-spectacular takes a serializer."""

    target_class = msgspec.Struct
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        return str(self.target.__name__)

    def get_identity(self, auto_schema: Any, direction: Any) -> str:
        # msgspec names nested types, so the name is what there is to compare.
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        _, components = msgspec.json.schema_components([self.target], ref_template=_REF)
        own = components.pop(self.target.__name__)
        for name, schema in components.items():
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=name,
                type=ResolvedComponent.SCHEMA,
                object=name,
                schema=schema,
            )
            auto_schema.registry.register_on_missing(component)
        return own


def documented(
    name: str,
    summary: str,
    *,
    request: Any = None,
    query: Any = None,
    answers: dict[Any, Any],
    errors: dict[int, str] | None = None,
    public: bool = False,
) -> Callable[[View], View]:
    """Say everything about one operation: what it takes, answers and refuses.

    `name` is what generated clients call it.
    """
    found: dict[Any, Any] = dict(answers)
    refusals = dict(errors or {})
    if not public:
        refusals.setdefault(401, "unauthorized, token_expired")
        refusals.setdefault(429, "rate_limited")
    if request is not None or query is not None:
        refusals.setdefault(400, "invalid")
    for status, codes in sorted(refusals.items()):
        found[status] = _error(codes)
    parameters: list[Any] = [] if query is None else [query]
    return extend_schema(
        operation_id=name,
        summary=summary,
        request=request,
        responses=found,
        parameters=parameters,
        auth=[] if public else None,
    )


def explained(result: Any, **_: Any) -> Any:
    """drf-spectacular's last step: every field and parameter says what it means."""
    for name, schema in result["components"]["schemas"].items():
        explain(name.removeprefix("Patched"), schema)
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                _explain_parameter(operation["operationId"], parameter)
            if "requestBody" in operation:
                _close(operation["requestBody"], result["components"]["schemas"])
    return result


def _close(body: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A field that we do not know is refused; see serializers/base.py."""
    for content in body["content"].values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        schemas[name]["additionalProperties"] = False


def _explain_parameter(operation: str, parameter: dict[str, Any]) -> None:
    known = term(operation, parameter["name"])
    parameter.setdefault("description", known.says)
    parameter["example"] = known.example


def _error(codes: str) -> Any:
    return OpenApiResponse(ErrorBody, description=f"Refused: {codes}.")
