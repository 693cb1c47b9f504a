"""How `openapi.yaml` is made: payload types become schemas, and errors have one shape.

`GET /api/openapi.yaml` serves the same text; `make schema` writes the committed file.
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
    """Lets a msgspec type stand wherever drf-spectacular takes a serializer."""

    target_class = msgspec.Struct
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Any) -> str:
        return str(self.target.__name__)

    def get_identity(self, auto_schema: Any, direction: Any) -> str:
        # msgspec gives nested types by name, so only names can be compared.
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
    """Describe one operation: what it takes, answers and refuses.

    Generated clients call it by `name`. `errors` are the codes of each status; those
    that follow from the token and the input are added here.
    """
    responses: dict[Any, Any] = dict(answers)
    refusals = dict(errors or {})
    if not public:
        refusals.setdefault(401, "unauthorized, token_expired")
        refusals.setdefault(429, "rate_limited")
    if request is not None or query is not None:
        refusals.setdefault(400, "invalid")
    for status, codes in sorted(refusals.items()):
        refused = OpenApiResponse(ErrorBody, description=f"Refused: {codes}.")
        responses[status] = refused
    parameters: list[Any] = [] if query is None else [query]
    return extend_schema(
        operation_id=name,
        summary=summary,
        request=request,
        responses=responses,
        parameters=parameters,
        auth=[] if public else None,
    )


def explained(result: Any, **_: Any) -> Any:
    """drf-spectacular's last step: say what every field and parameter means."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        explain(name.removeprefix("Patched"), schema)
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                known = term(operation["operationId"], parameter["name"])
                parameter.setdefault("description", known.says)
                parameter["example"] = known.example
            for content in operation.get("requestBody", {}).get("content", {}).values():
                # A field that is not here is refused: see serializers/base.py.
                name = content["schema"]["$ref"].rpartition("/")[2]
                schemas[name]["additionalProperties"] = False
    return result
