"""Every kind of token, whole or spoilt in every way, at every door that takes one.

The table says which kind passes where. Each way to spoil a token is tried on every cell
that passes, with the kind that passes there: nothing else may be the reason.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.served import Process
from tests.sockets import Socket, chatting, opened
from tests.unit.crafted import claims_of

from .spoilt import SPOILT, said_to_be, with_claims

SOCKETS = ("query", "header", "subprotocol")
DOORS = ("rest", *SOCKETS, "auth.refresh", "refresh endpoint", "ticket endpoint")
TABLE: dict[str, set[str]] = {
    "access": {"rest", *SOCKETS, "auth.refresh", "ticket endpoint"},
    "refresh": {"refresh endpoint"},
    "ticket": {*SOCKETS},
}
# Guests are in the table when the server has their address.
GUESTS = "/api/v1/auth/guest"
if GUESTS in yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())["paths"]:
    TABLE["guest"] = TABLE["access"]


@dataclass(frozen=True)
class Holder:
    """A person with one session, and the tokens that it can get."""

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


# --- The matrix ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", TABLE)
async def test_each_kind_of_token_passes_where_the_table_says(
    process: Process, kind: str
) -> None:
    """The refresh endpoint comes last, because it uses up the token."""
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


@pytest.mark.parametrize("again", [with_claims(), said_to_be("HS256", "sha256")])
async def test_a_token_signed_again_with_the_same_claims_passes(
    process: Process, again: Callable[[str], str]
) -> None:
    """Otherwise the test above would pass for a wrong reason."""
    for kind in ("access", "refresh", "ticket"):
        for door in TABLE[kind]:
            holder = new_holder(process)
            same = again(holder.token(kind))
            assert await ENTER[door](holder, same), (kind, door)


async def test_a_token_of_a_revoked_session_passes_nowhere(process: Process) -> None:
    for kind in ("access", "refresh", "ticket"):
        for door in TABLE[kind] - {"auth.refresh"}:
            holder = new_holder(process)
            token = holder.token(kind)
            assert process.call("POST", "auth/logout", holder.access).ok
            assert not await ENTER[door](holder, token), (kind, door)


async def test_a_token_of_a_revoked_session_refreshes_no_socket(
    process: Process,
) -> None:
    """The sockets of that session close; this socket is of another session."""
    holder, gone = new_holder(process), new_holder(process)
    assert process.call("POST", "auth/logout", gone.access).ok
    assert not await _auth_refresh(holder, gone.access)
    same_socket = with_claims(sid=claims_of(gone.access)["sid"])(holder.access)
    assert not await _auth_refresh(holder, same_socket)
