"""The base of request bodies and queries: a field that is not in it is refused."""

from functools import cache
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.serializer_helpers import BindingDict

T = TypeVar("T", bound="Body")


# No docstring: it would become the description of every request.
class Body(serializers.Serializer[Any]):
    @property
    def fields(self) -> BindingDict:
        return _fields(type(self))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = set(self.initial_data) - set(self.fields)
        if unknown:
            raise serializers.ValidationError(
                {name: ["There is no such field."] for name in sorted(unknown)}
            )
        return attrs


@cache
def _fields(shape: type[Body]) -> BindingDict:
    """One set of fields for all requests, since checking a request changes none.

    DRF would copy them for each request, which takes longer than the check.
    """
    fields = BindingDict(shape())
    for name, field in shape().get_fields().items():
        fields[name] = field
    return fields


class Text(serializers.CharField):
    """A string and nothing else. DRF's own field would take a number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.IntegerField):
    """An integer and nothing else. DRF's own field would take "1", and true for 1.

    1.0 is an integer too, as in JSON Schema, by which openapi.yaml describes it.
    """

    def to_internal_value(self, data: Any) -> int:
        if type(data) is float and data.is_integer():
            data = int(data)
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false and nothing else. DRF's own field would take "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


def parse(shape: type[Body], request: Request) -> dict[str, Any]:
    """The checked fields of the body. Raises DRF's ValidationError."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def parse_query(shape: type[Body], request: Request) -> dict[str, Any]:
    """The same for the query string."""
    query = shape(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)
