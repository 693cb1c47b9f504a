"""The events of accounts and sockets, in the JSON lines of a real process."""

import json
import secrets
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.realtime.conftest import NewDeployment
from tests.served import Process, ServerName
from tests.sockets import chatting, opened
from tests.unit.crafted import claims_of

PASSWORD = "trombone-42"


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_visit_is_logged_from_log_in_to_close(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server, LOG_FORMAT="json")
    name = f"a-{secrets.token_hex(6)}"
    with deployment.serving() as process:
        user = await _visit(process, name)
        wrong = {"username": f"{name}-{PASSWORD}", "password": PASSWORD}
        assert process.call("POST", "auth/login", body=wrong).status_code == 401
    lines = process.log.read_text().splitlines()
    assert name not in "".join(lines)
    events = [e for e in map(_event, lines) if e is not None]
    assert {e.get("address") for e in events} == {"127.0.0.1"}
    assert [e["event"] for e in events] == [
        "account.registered",
        "session.started",
        "login.ok",
        "session.started",
        "socket.refused",
        "origin.refused",
        "socket.opened",
        "password.changed",
        "sessions.ended",
        "session.started",
        "socket.closed",
        "login.failed",
        "access.refused",
    ]
    of = {e["event"]: e for e in events}
    assert {e["user"] for e in events if "user" in e} == {user}
    assert of["socket.refused"]["reason"] == "unauthorized"
    assert of["socket.closed"]["reason"] == "session_revoked"
    assert of["socket.closed"]["session"] == events[3]["session"]
    assert of["socket.closed"]["connection"] == of["socket.opened"]["connection"]
    assert {"user", "message"} & of["login.failed"].keys() == {"message"}
    assert of["login.failed"]["message"] == "login.failed address=127.0.0.1"


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_commands_refused_to_an_outsider_are_logged(
    embedded: NewDeployment, server: ServerName
) -> None:
    """Once at each door, with the ids of the person and without their texts."""
    deployment = embedded(server, LOG_FORMAT="json")
    with deployment.serving() as process:
        alice, bob = deployment.people(2)
        user = process.call("GET", "me", bob.token).json()["id"]
        body = {"name": "attic", "kind": "private"}
        room = process.call("POST", "rooms", alice.token, body).json()["id"]
        async with chatting(process.socket_url(bob.token)) as socket:
            for _ in range(2):
                assert "error" in await socket.subscribe(room)
                assert (await socket.say(room, "let me in"))["type"] == "error"
        for token, status in (
            (bob.token, 404),
            (bob.token, 404),
            ("", 401),
            ("x", 401),
        ):
            answer = process.call("GET", f"rooms/{room}/members", token)
            assert answer.status_code == status
    lines = process.log.read_text().splitlines()
    refused = [
        e
        for e in map(_event, lines)
        if e is not None and e["event"] == "access.refused"
    ]
    assert not [e for e in refused if room in str(e)]
    assert [(e["code"], e.get("command"), e.get("user")) for e in refused] == [
        ("room_not_found", "subscribe", user),
        ("room_not_found", "message.send", user),
        ("room_not_found", None, user),
        ("unauthorized", None, None),
    ]
    asked = {"method": "GET", "route": "api/v1/rooms/<str:room_id>/members"}
    assert [{k: e[k] for k in asked} for e in refused[2:]] == [asked, asked]


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_ticket_that_comes_again_is_logged_with_the_address(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server, LOG_FORMAT="json")
    [person] = deployment.people(1)
    with deployment.serving() as process:
        answer = process.call("POST", "auth/ticket", person.token)
        ticket = answer.json()["ticket"]
        async with opened(process.socket_url(ticket)) as socket:
            await socket.expect("hello")
        async with opened(process.socket_url(ticket)) as socket:
            _, code = await socket.closed()
    assert code == 4500
    events = [_event(line) for line in process.log.read_text().splitlines()]
    [refused] = [e for e in events if e and e["event"] == "ticket.refused"]
    claims = claims_of(person.token)
    assert (refused["user"], refused["session"]) == (claims["sub"], claims["sid"])
    assert refused["address"] == "127.0.0.1"


async def _visit(process: Process, name: str) -> str:
    """Register, log in, be refused, open a socket, change the password."""
    account = {"username": name, "password": PASSWORD}
    made = process.call("POST", "auth/register", body=account).json()
    access = process.call("POST", "auth/login", body=account).json()["access"]
    async with opened(process.socket_url()) as socket:
        await socket.closed()
    with pytest.raises(InvalidStatus):
        async with opened(process.socket_url(access), origin="https://evil.example"):
            pass
    async with chatting(process.socket_url(access)) as socket:
        changed = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
        assert process.call("POST", "me/password", access, changed).ok
        await socket.closed()
    return str(made["user"]["id"])


def _event(line: str) -> dict[str, Any] | None:
    """The lines of the log are JSON; other output of the process is skipped."""
    found = json.loads(line) if line.startswith("{") else {}
    return found if "event" in found else None
