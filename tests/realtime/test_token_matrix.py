"""Every kind of token, whole or spoilt in every way, at every door that takes one.

The table says which kind passes where. Each way to spoil a token is tried on every cell
that passes, with the kind that passes there: nothing else may be the reason.
"""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import yaml
from django.conf import settings

from tests.served import SIGNING_KEY, Process
from tests.sockets import Socket, chatting, opened
from tests.unit.crafted import claims_of, signed

SOCKETS = ("query", "header", "subprotocol")
DOORS = ("rest", *SOCKETS, "auth.refresh", "refresh endpoint", "ticket endpoint")
TABLE: dict[str, set[str]] = {
    "access": {"rest", *SOCKETS, "auth.refresh", "ticket endpoint"},
    "refresh": {"refresh endpoint"},
    "ticket": {*SOCKETS},
}
# Found as soon as there is such an address; off unless the server allows it.
GUESTS = "/api/v1/auth/guest"
if GUESTS in yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())["paths"]:
    TABLE["guest"] = TABLE["access"]


@dataclass(frozen=True)
class Holder:
    """Somebody with one session, and everything that it can buy."""

    process: Process
    access: str
    refresh: str

    def token(self, kind: str) -> str:
        if kind == "ticket":
            answer = self.process.call("POST", "auth/ticket", self.access)
            return str(answer.json()["ticket"])
        return self.refresh if kind == "refresh" else self.access


def new_holder(process: Process, kind: str = "access") -> Holder:
    if kind == "guest":
        answer = process.call("POST", "auth/guest", body={})
    else:
        name = f"m-{secrets.token_hex(6)}"
        body = {"username": name, "password": "trombone-42"}
        answer = process.call("POST", "auth/register", body=body)
    assert answer.status_code == 201, answer.text
    pair = answer.json()
    return Holder(process, pair["access"], pair.get("refresh", ""))


# --- The doors -----------------------------------------------------------------------


async def _rest(holder: Holder, token: str) -> bool:
    return _passed(holder.process.call("GET", "me", token), 200)


async def _ticket_endpoint(holder: Holder, token: str) -> bool:
    return _passed(holder.process.call("POST", "auth/ticket", token), 201)


async def _refresh_endpoint(holder: Holder, token: str) -> bool:
    answer = holder.process.call("POST", "auth/refresh", body={"refresh": token})
    return _passed(answer, 200)


def _passed(answer: Any, status: int) -> bool:
    assert answer.status_code in {status, 401}, answer.text
    return bool(answer.status_code == status)


async def _query(holder: Holder, token: str) -> bool:
    async with opened(holder.process.socket_url(token)) as socket:
        return await _let_in(socket)


async def _header(holder: Holder, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    url = holder.process.socket_url()
    async with opened(url, additional_headers=headers) as socket:
        return await _let_in(socket)


async def _subprotocol(holder: Holder, token: str) -> bool:
    offered = ["hubbub.v1", f"hubbub.token.{token}"]
    async with opened(holder.process.socket_url(), subprotocols=offered) as socket:
        return await _let_in(socket)


async def _let_in(socket: Socket) -> bool:
    first = await socket.receive()
    if first["type"] == "hello":
        return True
    assert (first["type"], first["code"]) == ("bye", 4500)
    return False


async def _auth_refresh(holder: Holder, token: str) -> bool:
    async with chatting(holder.process.socket_url(holder.access)) as socket:
        answer = await socket.ask(type="auth.refresh", token=token)
    if answer["type"] == "error":
        assert answer["code"] in {"unauthorized", "token_expired"}
    return bool(answer["type"] == "reply")


ENTER: dict[str, Callable[[Holder, str], Awaitable[bool]]] = {
    "rest": _rest,
    "query": _query,
    "header": _header,
    "subprotocol": _subprotocol,
    "auth.refresh": _auth_refresh,
    "refresh endpoint": _refresh_endpoint,
    "ticket endpoint": _ticket_endpoint,
}


# --- How a token is spoilt -----------------------------------------------------------


def _with(key: str = SIGNING_KEY, **claims: object) -> Callable[[str], str]:
    return lambda token: signed({**claims_of(token), **claims}, key)


def _with_time(claim: str, seconds: int) -> Callable[[str], str]:
    def spoil(token: str) -> str:
        claims = {**claims_of(token), claim: int(time.time()) + seconds}
        return signed(claims, SIGNING_KEY)

    return spoil


def _without(claim: str) -> Callable[[str], str]:
    return lambda token: signed(
        {name: value for name, value in claims_of(token).items() if name != claim},
        SIGNING_KEY,
    )


def _said_to_be(algorithm: str, digest: str) -> Callable[[str], str]:
    """Names an algorithm, and is signed with our HMAC key."""

    def spoil(token: str) -> str:
        head = _base64(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
        content = f"{head}.{token.split('.')[1]}"
        mac = hmac.new(SIGNING_KEY.encode(), content.encode(), digest)
        return f"{content}.{_base64(mac.digest())}"

    return spoil


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _tampered(token: str) -> str:
    """Another person's id under the same signature."""
    head, _, signature = token.split(".")
    _, payload, _ = _with(sub="01a1fb27-fbe3-75d0-bbaf-1403da6a7a17")(token).split(".")
    return f"{head}.{payload}.{signature}"


def _cut(token: str) -> str:
    return token[:-4]


SPOILT: dict[str, Callable[[str], str]] = {
    "foreign key": _with(key="k" * 48),
    "foreign issuer": _with(iss="somebody"),
    "foreign audience": _with(aud="something"),
    "no audience": _without("aud"),
    "alg none": lambda token: jwt.encode(claims_of(token), "", algorithm="none"),
    "HS/RS confusion": _said_to_be("RS256", "sha256"),
    "another HMAC": _said_to_be("HS512", "sha512"),
    "expired": _with_time("exp", -60),
    "not yet valid": _with_time("nbf", 600),
    "issued in the future": _with_time("iat", 600),
    "no exp": _without("exp"),
    "no jti": _without("jti"),
    "no session": _without("sid"),
    "no person": _without("sub"),
    "tampered": _tampered,
    "cut": _cut,
    "old ver": _with(ver=0),
    "coming ver": _with(ver=2),
    "of no kind": _with(token_type="none"),
}


# --- The matrix ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", TABLE)
async def test_each_kind_passes_where_the_table_says(
    process: Process, kind: str
) -> None:
    """Last at the refresh endpoint: whatever passes there is used up."""
    passed = set()
    for door in sorted(DOORS, key=lambda door: door == "refresh endpoint"):
        holder = new_holder(process, kind)
        if await ENTER[door](holder, holder.token(kind)):
            passed.add(door)
    assert passed == TABLE[kind]


@pytest.mark.parametrize("defect", SPOILT)
async def test_a_spoilt_token_passes_nowhere(process: Process, defect: str) -> None:
    holder = new_holder(process)
    for kind in ("access", "refresh", "ticket"):
        for door in TABLE[kind]:
            spoilt = SPOILT[defect](holder.token(kind))
            assert not await ENTER[door](holder, spoilt), (kind, door)


@pytest.mark.parametrize("again", [_with(), _said_to_be("HS256", "sha256")])
async def test_the_same_claims_signed_again_pass(
    process: Process, again: Callable[[str], str]
) -> None:
    """Or the test above would pass for a wrong reason."""
    for kind in ("access", "refresh", "ticket"):
        for door in TABLE[kind]:
            holder = new_holder(process)
            same = again(holder.token(kind))
            assert await ENTER[door](holder, same), (kind, door)


async def test_a_revoked_session_passes_nowhere(process: Process) -> None:
    for kind in ("access", "refresh", "ticket"):
        for door in TABLE[kind] - {"auth.refresh"}:
            holder = new_holder(process)
            token = holder.token(kind)
            assert process.call("POST", "auth/logout", holder.access).ok
            assert not await ENTER[door](holder, token), (kind, door)


async def test_a_token_of_a_revoked_session_refreshes_no_socket(
    process: Process,
) -> None:
    """The session's own sockets close; this one is of the person's other session."""
    holder, gone = new_holder(process), new_holder(process)
    assert process.call("POST", "auth/logout", gone.access).ok
    assert not await _auth_refresh(holder, gone.access)
    same_socket = _with(sid=claims_of(gone.access)["sid"])(holder.access)
    assert not await _auth_refresh(holder, same_socket)
