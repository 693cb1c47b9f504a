"""Secrets are sent in every way, right and wrong; tests/canary.py reads the log."""

import json
import secrets
from typing import Any

import pytest
import requests

from tests import canary
from tests.realtime.conftest import Scene
from tests.served import Deployment, Process
from tests.sockets import chatting, opened

# Texts around the secret that one of the layers refuses.
SPOILS = ("", "\x00", "\n", "é" * 4001)


def _secret(kind: str) -> str:
    word = f"{kind}-{secrets.token_hex(12)}"
    canary.mark("a password" if kind == "password" else "a message body", word)
    return word


@pytest.fixture
def bodies() -> list[str]:
    return [_secret("body") + spoil for spoil in SPOILS]


async def test_no_body_sent_over_the_socket_is_logged(
    process: Process, scene: Scene, bodies: list[str]
) -> None:
    charlie = process.call("GET", "me", scene.charlie).json()["username"]
    async with chatting(process.socket_url(scene.alice)) as alice:
        sent = await alice.say(scene.room, _secret("body"))
        seq = sent["message"]["seq"]
        for body in bodies:
            await alice.say(scene.room, body)
            await alice.say(secrets.token_hex(16), body)
            await alice.say(scene.room, f"/pm {charlie} {body}")
            await alice.say(scene.room, "hi", client_id=body)
            await alice.ask(type="direct.send", to=charlie, client_id="1", body=body)
            await alice.ask(type="message.edit", room=scene.room, seq=seq, body=body)
            await alice.ask(type="reaction.add", room=scene.room, seq=seq, emoji=body)
            await alice.ask(type="auth.refresh", token=body)
            await alice.ask(type=body)
        await alice.ask(type="history", room=scene.room)
        await alice.ask(type="message.delete", room=scene.room, seq=seq)


async def test_no_text_of_a_bad_frame_is_logged(process: Process, scene: Scene) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        for frame in (_secret("body"), json.dumps([_secret("body"), "\ud800"])):
            await alice.connection.send(frame)
            await alice.expect("error")
        await alice.connection.send(_secret("body").encode())
        await alice.expect("error")


async def test_no_text_of_a_frame_that_the_server_refuses_is_logged(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.connection.send(_secret("body") + "x" * 70_000)
        _, code = await alice.closed()
    assert code in {1009, 1006}


def test_no_body_sent_over_rest_is_logged(
    process: Process, scene: Scene, bodies: list[str]
) -> None:
    path = f"rooms/{scene.room}/messages"
    for body in bodies:
        sent = {"body": body, "client_id": secrets.token_hex(8)}
        process.call("POST", path, scene.alice, sent)
        process.call("POST", path, scene.alice, {**sent, "client_id": body})
        process.call("PATCH", f"{path}/3", scene.alice, {"body": body})
        process.call("PATCH", "me", scene.alice, {"status": body})
    url = f"{process.url}/api/v1/{path}"
    headers = {"Authorization": f"Bearer {scene.alice}"}
    for content in (_secret("body"), '{"body": "' + _secret("body")):
        answer = requests.post(url, content, headers=headers, timeout=20)
        assert answer.status_code in {400, 415}


def test_no_password_is_logged(process: Process) -> None:
    for spoil in SPOILS:
        name, password = f"s-{secrets.token_hex(6)}", _secret("password") + spoil
        account: dict[str, Any] = {"username": name, "password": password}
        made = process.call("POST", "auth/register", body=account)
        process.call("POST", "auth/register", body=account)
        process.call("POST", "auth/login", body=account)
        wrong = {**account, "password": _secret("password")}
        assert process.call("POST", "auth/login", body=wrong).status_code == 401
        process.call("POST", "auth/login", body={**account, "username": password})
        if made.ok:
            access = made.json()["access"]
            body = {"current_password": password, "new_password": password[::-1]}
            process.call("POST", "me/password", access, body)


async def test_no_ticket_is_logged_when_it_is_used_twice(
    process: Process, scene: Scene
) -> None:
    ticket = process.call("POST", "auth/ticket", scene.alice).json()["ticket"]
    for _ in range(2):
        async with opened(process.socket_url(ticket)) as socket:
            await socket.receive()


def test_no_token_in_a_wrong_place_is_logged(process: Process, scene: Scene) -> None:
    for path in ("me", "nowhere", f"me?token={scene.alice}"):
        process.call("GET", path, scene.alice)
    for header in (scene.alice, f"Basic {scene.alice}", f"Bearer {scene.alice} x"):
        headers = {"Authorization": header}
        requests.get(f"{process.url}/api/v1/me", headers=headers, timeout=20)
    requests.get(f"{process.url}/ws/v1?token={scene.alice}", timeout=20)


async def test_no_body_that_the_database_refuses_is_logged(
    embedded: Any, bodies: list[str]
) -> None:
    """A table is missing, so every command ends in an incident or `unavailable`."""
    deployment: Deployment = embedded()
    [alice] = deployment.people(1)
    with deployment.serving() as process:
        deployment.manage("migrate", "--verbosity=0", "chat", "zero")
        async with chatting(process.socket_url(alice.token)) as socket:
            await socket.say(secrets.token_hex(16), bodies[0])
        sent = {"body": bodies[0], "client_id": "one"}
        room = secrets.token_hex(16)
        process.call("POST", f"rooms/{room}/messages", alice.token, sent)
