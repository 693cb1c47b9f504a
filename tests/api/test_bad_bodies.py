"""Bodies that are no JSON object, or too much of one: refused, and nothing stored."""

import json

import pytest

from chat.models import Message
from chat.payloads.rooms import RoomPayload
from core.limits.table import LIMITS

from .door import Answer, Door, check_refused
from .surface import OPERATIONS, UPLOADS, Operation, name

DEEP = "[" * 10_000 + "]" * 10_000
NOT_JSON = {
    "nothing closed": b"{",
    "text": b"hello",
    "two objects": b"{} {}",
    "single quotes": b"{'body':'x'}",
    "NaN": b'{"client_id":"1","body":"x","reply_to":NaN}',
    "Infinity": b'{"client_id":"1","body":"x","reply_to":Infinity}',
    "a number without end": b'{"client_id":"1","body":"x","reply_to":1e999}',
    "lone surrogate": b'{"client_id":"1","body":"\\ud800"}',
    "lone low surrogate": b'{"client_id":"1","body":"\\udc00x"}',
    "surrogates in a name": b'{"\\ud800":1}',
    "not UTF-8": b'{"client_id":"1","body":"\xff\xfe"}',
    "UTF-16": '{"client_id":"1","body":"x"}'.encode("utf-16"),
    "surrogate as bytes": b'{"client_id":"1","body":"\xed\xa0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"client_id":"1","body":"x"}',
    "a raw newline": b'{"client_id":"1","body":"a\nb"}',
    "10,000 arrays open": b"[" * 10_000,
    "10,000 arrays": DEEP.encode(),
    "10,000 arrays in a field": f'{{"client_id":"1","body":{DEEP}}}'.encode(),
    "NUL": b"\x00",
}
WITH_BODY = [o for o in OPERATIONS if o.method in {"POST", "PATCH"}]
NOTHING = {"join", "leave", "accept", "link", "export"}
TAKES_NONE = {"logout", "logout-all", "ticket", *NOTHING}
PARSING = [
    o
    for o in WITH_BODY
    if o.template.rsplit("/")[-1] not in TAKES_NONE and o not in UPLOADS
]
# Their bodies may be left out.
FREE = {"POST rooms/{room_id}/invitations", "POST auth/guest"}
NEEDING = [operation for operation in PARSING if name(operation) not in FREE]


def send(door: Door, room: RoomPayload, content: bytes) -> Answer:
    return door.raw("POST", f"rooms/{room.id}/messages", content)


def of_bytes(size: int) -> bytes:
    """A message's body of exactly so many bytes; most of it is an unknown field."""
    empty = {"client_id": "1", "body": "x", "y": ""}
    padding = "y" * (size - len(json.dumps(empty)))
    return json.dumps({**empty, "y": padding}).encode()


@pytest.mark.parametrize("kind", NOT_JSON)
def test_a_body_that_is_no_json_is_refused(
    as_bob: Door, room: RoomPayload, kind: str
) -> None:
    answer = send(as_bob, room, NOT_JSON[kind])
    check_refused(answer, 400, "invalid")
    assert Message.objects.count() == 2


@pytest.mark.parametrize("content", [b"[]", b"[1]", b'"x"', b"1", b"true", b"null"])
@pytest.mark.parametrize("operation", PARSING, ids=name)
def test_json_that_is_no_object_is_refused(
    as_alice: Door, operation: Operation, content: bytes
) -> None:
    answer = as_alice.raw(operation.method, operation.path(), content)
    check_refused(answer, 400, "invalid", "body")


@pytest.mark.parametrize("operation", NEEDING, ids=name)
def test_an_empty_body_is_refused_where_one_is_needed(
    as_alice: Door, operation: Operation
) -> None:
    answer = as_alice.raw(operation.method, operation.path(), b"")
    assert (answer.status, answer.json()["code"]) == (400, "invalid")


def test_body_at_the_limit_is_read(as_bob: Door, room: RoomPayload) -> None:
    answer = send(as_bob, room, of_bytes(LIMITS.request_bytes))
    check_refused(answer, 400, "invalid", "y")


@pytest.mark.parametrize("size", [LIMITS.request_bytes + 1, 1_000_000, 5_000_000])
def test_body_over_the_limit(as_bob: Door, room: RoomPayload, size: int) -> None:
    check_refused(send(as_bob, room, of_bytes(size)), 413, "too_long")
    assert Message.objects.count() == 2


def test_body_over_the_limit_where_nobody_is_logged_in(anonymous: Door) -> None:
    answer = anonymous.raw("POST", "auth/login", of_bytes(LIMITS.request_bytes + 1))
    check_refused(answer, 413, "too_long")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "nonsense",
    ],
)
@pytest.mark.parametrize("operation", PARSING, ids=name)
def test_another_content_type_is_refused(
    as_alice: Door, operation: Operation, content_type: str
) -> None:
    answer = as_alice.raw(operation.method, operation.path(), b"{}", content_type)
    check_refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON"]
)
def test_json_by_another_name(
    as_bob: Door, room: RoomPayload, content_type: str
) -> None:
    content = b'{"client_id":"1","body":"x"}'
    path = f"rooms/{room.id}/messages"
    assert as_bob.raw("POST", path, content, content_type).status == 201


def test_same_name_twice_is_the_last_one(as_bob: Door, room: RoomPayload) -> None:
    content = b'{"client_id":"1","body":"first","body":"last"}'
    assert send(as_bob, room, content).json()["body"] == "last"


@pytest.mark.parametrize("action", sorted(TAKES_NONE - NOTHING))
def test_body_where_none_is_needed_is_not_read(as_alice: Door, action: str) -> None:
    assert as_alice.raw("POST", f"auth/{action}", b"{", "text/plain").status < 300
