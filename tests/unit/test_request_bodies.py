"""The shapes of requests: their fields are made once, and no request leaves a trace."""

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from api.serializers.base import parse
from api.serializers.messages import MessageEdit, NewMessage

WHOLE = {"client_id": "1", "body": "hello"}


def asked(content: object) -> Request:
    request = APIRequestFactory().post("/", content, format="json")
    return Request(request, parsers=[JSONParser()])


def test_all_requests_are_checked_by_the_same_fields() -> None:
    assert NewMessage(data=WHOLE).fields is NewMessage(data={}).fields
    assert NewMessage().fields["body"] is not MessageEdit().fields["body"]


def test_a_value_that_was_left_out_is_a_new_one_for_each_request() -> None:
    first: dict[str, Any] = parse(NewMessage, asked(WHOLE))
    first["attachments"].append("a file of the first")
    assert parse(NewMessage, asked(WHOLE))["attachments"] == []


def test_a_refused_request_does_not_spoil_the_next() -> None:
    with pytest.raises(ValidationError) as refused:
        parse(NewMessage, asked({"body": 1, "more": 2}))
    assert set(refused.value.detail) == {"client_id", "body"}
    with pytest.raises(ValidationError) as refused:
        parse(NewMessage, asked({**WHOLE, "more": 2}))
    assert set(refused.value.detail) == {"more"}
    assert parse(NewMessage, asked(WHOLE)).items() >= WHOLE.items()


def test_the_fields_do_not_keep_what_a_request_said() -> None:
    parse(NewMessage, asked(WHOLE))
    root = NewMessage().fields["body"].root
    assert not hasattr(root, "initial_data")
