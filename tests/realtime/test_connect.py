"""Opening a socket: which tokens get in, and how the others are refused."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.served import SIGNING_KEY, Deployment, Person, Process
from tests.sockets import opened

Forge = Callable[[dict[str, Any]], str]


def _signed(claims: dict[str, Any], key: str = SIGNING_KEY, **changed: Any) -> str:
    return jwt.encode({**claims, **changed}, key, algorithm="HS256")


# Each takes the claims of a good access token and makes a bad one of them.
BAD: dict[str, Forge] = {
    "expired": lambda claims: _signed(claims, exp=int(time.time()) - 60),
    "not yet valid": lambda claims: _signed(claims, nbf=int(time.time()) + 600),
    "of a foreign key": lambda claims: _signed(claims, key="k" * 48),
    "of a foreign issuer": lambda claims: _signed(claims, iss="somebody"),
    "for a foreign audience": lambda claims: _signed(claims, aud="something"),
    "of an old version": lambda claims: _signed(claims, ver=0),
    "a refresh token": lambda claims: _signed(claims, token_type="refresh"),
    "of no kind": lambda claims: _signed(claims, token_type="none"),
    "unsigned": lambda claims: jwt.encode(claims, "", algorithm="none"),
    "nonsense": lambda claims: "not.a.token",
    "empty": lambda claims: "",
    "too long": lambda claims: "x" * 5000,
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_gets_bye_and_close_code_4500(
    process: Process, people: list[Person], kind: str
) -> None:
    claims = jwt.decode(people[0].token, options={"verify_signature": False})
    async with opened(process.socket_url(BAD[kind](claims))) as socket:
        bye, code = await socket.closed()
    assert code == 4500
    assert bye == {
        "type": "bye",
        "code": 4500,
        "reason": "unauthorized",
        "reconnect": False,
        "retry_after": None,
    }
    assert socket.kept == []


async def test_a_token_signed_again_with_the_same_claims_gets_in(
    process: Process, people: list[Person]
) -> None:
    """Otherwise the test above would pass for a wrong reason."""
    claims = jwt.decode(people[0].token, options={"verify_signature": False})
    async with opened(process.socket_url(_signed(claims))) as socket:
        await socket.expect("hello")


async def test_a_handshake_without_a_token_gets_close_code_4500(
    process: Process,
) -> None:
    async with opened(process.socket_url()) as socket:
        _, code = await socket.closed()
    assert code == 4500


async def test_hello_comes_first(process: Process, people: list[Person]) -> None:
    async with opened(process.socket_url(people[0].token)) as socket:
        hello = await socket.expect("hello")
    assert hello["protocol"] == 1
    assert hello["user"]["username"] == people[0].username
    assert hello["limits"] == process.call("GET", "limits").json()
    assert socket.kept == []


async def test_a_ticket_opens_one_socket(
    process: Process, people: list[Person]
) -> None:
    ticket = process.call("POST", "auth/ticket", people[0].token).json()["ticket"]
    async with opened(process.socket_url(ticket)) as socket:
        await socket.expect("hello")
    async with opened(process.socket_url(ticket)) as socket:
        _, code = await socket.closed()
    assert code == 4500


async def test_the_authorization_header_carries_a_token(
    process: Process, people: list[Person]
) -> None:
    headers = {"Authorization": f"Bearer {people[0].token}"}
    async with opened(process.socket_url(), additional_headers=headers) as socket:
        await socket.expect("hello")


async def test_a_subprotocol_carries_a_token_and_is_not_echoed(
    process: Process, people: list[Person]
) -> None:
    offered = ["hubbub.v1", f"hubbub.token.{people[0].token}"]
    async with opened(process.socket_url(), subprotocols=offered) as socket:
        await socket.expect("hello")
        assert socket.connection.subprotocol == "hubbub.v1"


async def test_a_handshake_with_two_tokens_is_refused(
    process: Process, people: list[Person]
) -> None:
    headers = {"Authorization": f"Bearer {people[0].token}"}
    url = process.socket_url(people[0].token)
    async with opened(url, additional_headers=headers) as socket:
        _, code = await socket.closed()
    assert code == 4500


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
async def test_a_foreign_origin_is_refused_before_the_handshake(
    process: Process, people: list[Person], origin: str
) -> None:
    url = process.socket_url(people[0].token)
    with pytest.raises(InvalidStatus) as refused:
        async with opened(url, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_page_and_allowed_origins_get_in(
    process: Process, people: list[Person]
) -> None:
    for origin in (process.url, "http://localhost:5173"):
        async with opened(process.socket_url(people[0].token), origin=origin) as socket:
            await socket.expect("hello")


async def test_a_socket_to_another_path_is_refused(process: Process) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(f"ws://127.0.0.1:{process.port}/ws/v2"):
            pass
    assert refused.value.response.status_code == 403


async def test_no_token_is_in_the_log(
    deployment: Deployment, people: list[Person]
) -> None:
    """In a process of its own, whose log can be read to the end."""
    with deployment.serving() as process:
        ticket = process.call("POST", "auth/ticket", people[0].token).json()["ticket"]
        secrets = [people[0].token, ticket, "not.a.token"]
        for secret in secrets:
            async with opened(process.socket_url(secret)):
                pass
            offered = ["hubbub.v1", f"hubbub.token.{secret}"]
            async with opened(process.socket_url(), subprotocols=offered):
                pass
        process.terminate()
    log = process.log.read_text()
    assert "socket.opened" in log
    assert [secret for secret in secrets if secret in log] == []


async def test_a_server_may_insist_on_tickets(embedded: Any) -> None:
    deployment = embedded(WS_REQUIRE_TICKET="on")
    [person] = deployment.people(1)
    with deployment.serving() as process:
        async with opened(process.socket_url(person.token)) as socket:
            _, code = await socket.closed()
        assert code == 4500
        headers = {"Authorization": f"Bearer {person.token}"}
        async with opened(process.socket_url(), additional_headers=headers) as socket:
            await socket.expect("hello")
