"""The search in the logs of served processes finds the secrets that it should find."""

import json
import secrets

import jwt
import pytest

from tests import canary
from tests.served import SIGNING_KEY


def _token() -> str:
    return jwt.encode({"jti": secrets.token_hex(8)}, SIGNING_KEY, algorithm="HS256")


@pytest.fixture(autouse=True)
def _nothing_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_marked", {})


def test_the_search_finds_a_token_that_nobody_marked() -> None:
    token = _token()
    with pytest.raises(canary.SecretInLog, match="a token is in the log") as raised:
        canary.search(f"INFO somewhere: got {token}\n")
    assert "somewhere: got eyJh[...]" in str(raised.value)
    assert token[5:20] not in str(raised.value)


@pytest.mark.parametrize("field", ["token", "ticket", "refresh"])
def test_the_search_finds_the_signature_of_a_marked_token(field: str) -> None:
    token = _token()
    canary.mark_all({"inner": [{field: token}]})
    with pytest.raises(canary.SecretInLog):
        canary.search("x " + token.rpartition(".")[2])


@pytest.mark.parametrize(
    "sent",
    [
        {"password": "tuba-43-tuba"},
        {"current_password": "tuba-43-tuba"},
        {"new_password": "tuba-43-tuba"},
        {"body": "tuba-43-tuba"},
        {"message": {"body": "tuba-43-tuba"}},
    ],
)
def test_the_search_finds_a_marked_password_or_body(sent: object) -> None:
    canary.search("tuba-43-tuba")
    canary.mark_all(sent)
    with pytest.raises(canary.SecretInLog):
        canary.search("a: tuba-43-tuba\n")


def test_the_search_finds_a_long_body_cut_and_as_json_or_repr() -> None:
    body = "Zoë said\n" + "something long " * 9
    canary.mark_all({"body": body})
    for written in (body[:30], json.dumps(body), repr(body)):
        with pytest.raises(canary.SecretInLog):
            canary.search(f"DEBUG: {written}")


@pytest.mark.parametrize(
    "line",
    ['{"body": "hi"}', "{'body': 'hi'}", "Send(body='hi')", "/ws?token=x"],
)
def test_the_search_finds_a_frame_and_a_query_string_by_their_shape(line: str) -> None:
    with pytest.raises(canary.SecretInLog):
        canary.search(f"DEBUG < TEXT {line}")


def test_the_search_does_not_report_ids_and_names() -> None:
    canary.mark_all({"body": "hi", "name": "a long room name", "room": "0" * 32})
    canary.search("connection 25cb33f4029fe8b8 opened in a long room name: hi\n")
