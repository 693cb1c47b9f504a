"""Exports and deletions in the background of real processes, some of them killed.

A killed process leaves its lease behind; these tests do not wait a minute for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import requests

from tests.served import Deployment, Process
from tests.sockets import Frame, Socket, chatting

from .accounts import PASSWORD, Account, in_shell, new_account
from .conftest import NewDeployment, Scene

MANY = 1_000


async def eventually(
    wanted: Callable[[], Awaitable[bool]], seconds: float = 20
) -> None:
    deadline = time.monotonic() + seconds
    while not await wanted():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def call(process: Process, *args: Any) -> requests.Response:
    return await asyncio.to_thread(process.call, *args)


async def joined(process: Process, scene: Scene) -> Account:
    account = new_account(process)
    assert (await call(process, "POST", f"rooms/{scene.room}/join", account.access)).ok
    return account


def write_many(deployment: Deployment, account: Account, room: str) -> None:
    in_shell(
        deployment,
        "from accounts.actor import system;"
        "from accounts.models import User;"
        "from chat.log.append import Draft, append;"
        f"actor = system(User.objects.get(username='{account.name}'));"
        f"append([Draft('{room}', actor, f'body {{n}}') for n in range({MANY})])",
    )


def delete(process: Process, account: Account, messages: str) -> requests.Response:
    body = {"current_password": PASSWORD, "messages": messages}
    return process.call("POST", "me/delete", account.access, body)


def changed(frame: Frame) -> list[Frame]:
    return list(frame.get("messages") or [frame["message"]])


async def hear_deleted(socket: Socket, count: int) -> list[int]:
    """The numbers of the next deleted messages, in the order in which they come."""
    heard: list[int] = []
    while len(heard) < count:
        frame = await socket.until(
            lambda frame: frame["type"] in {"room.changes", "message.deleted"}
        )
        heard += [one["seq"] for one in changed(frame) if one["deleted_at"]]
    return heard


async def test_other_members_see_a_deleted_person_and_their_messages_go(
    process: Process, scene: Scene
) -> None:
    account = await joined(process, scene)
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(account.access)) as leaver,
    ):
        await alice.subscribe(scene.room)
        said = [(await leaver.say(scene.room, body))["message"] for body in "abc"]
        await alice.hear(3)
        answer = await asyncio.to_thread(delete, process, account, "delete")
        assert answer.status_code == 204
        _, code = await leaver.closed()
        assert code == 4502
        user = (await alice.expect("user.updated"))["user"]
        assert (user["id"], user["display_name"]) == (
            said[0]["sender"]["id"],
            "Deleted user",
        )
        [left] = await alice.hear(1)
        assert left["event"] == {"type": "member.left", "user": user["id"]}
        assert await hear_deleted(alice, 3) == [one["seq"] for one in said]
    login = {"username": account.name, "password": PASSWORD}
    assert (await call(process, "POST", "auth/login", "", login)).status_code == 401
    again = await call(process, "POST", "auth/register", "", login)
    assert again.status_code == 201


async def test_a_deletion_goes_on_after_the_process_was_killed(
    deployment: Deployment, process: Process, scene: Scene
) -> None:
    account = await joined(process, scene)
    await asyncio.to_thread(write_many, deployment, account, scene.room)
    first, last = scene.head + 2, scene.head + 1 + MANY
    with deployment.serving() as doomed:
        async with chatting(doomed.socket_url(scene.alice)) as alice:
            await alice.subscribe(scene.room)
            answer = await asyncio.to_thread(delete, doomed, account, "delete")
            assert answer.status_code == 204
            heard = await hear_deleted(alice, 1)
            doomed.stop()
    assert heard[0] == first

    async def is_deleted(server: Process, seq: int) -> bool:
        path = f"rooms/{scene.room}/messages/{seq}"
        found = (await call(server, "GET", path, scene.alice)).json()
        return found["deleted_at"] is not None

    assert not await is_deleted(process, last)
    in_shell(deployment, "from chat.models import Lease; Lease.objects.all().delete()")
    with deployment.serving() as successor:
        async with chatting(successor.socket_url(scene.bob)):
            await eventually(lambda: is_deleted(successor, last))
        # Each message takes one number, and the leaving takes one.
        room = await call(successor, "GET", f"rooms/{scene.room}", scene.alice)
    assert room.json()["head_seq"] == scene.head + 1 + MANY + 1 + MANY


async def test_a_running_server_makes_an_export(
    deployment: Deployment, process: Process, scene: Scene
) -> None:
    account = await joined(process, scene)
    await asyncio.to_thread(write_many, deployment, account, scene.room)
    started = await call(process, "POST", "me/export", account.access)
    assert (started.status_code, started.json()["state"]) == (202, "waiting")
    seen: list[dict[str, Any]] = []

    async def is_ready() -> bool:
        answer = await call(process, "GET", "me/export", account.access)
        seen.append(answer.json())
        return bool(seen[-1]["state"] == "ready")

    await eventually(is_ready)
    done = [state["done"] for state in seen]
    assert done == sorted(done)
    assert (seen[-1]["done"], seen[-1]["total"]) == (MANY, MANY)
    fetched = await call(process, "GET", "me/export/file", account.access)
    assert fetched.status_code == 200
    with ZipFile(BytesIO(fetched.content)) as archive:
        assert archive.testzip() is None
        assert archive.read("messages.json").count(b'"body":"body ') == MANY


async def test_the_next_process_does_the_work_of_a_killed_one(
    embedded: NewDeployment,
) -> None:
    """An export that was begun, and messages that expired while no process ran."""
    deployment = embedded()
    with deployment.serving() as process:
        account = new_account(process)
        body = {"name": "attic"}
        room = process.call("POST", "rooms", account.access, body).json()["id"]
        path = f"rooms/{room}"
        assert process.call("PATCH", path, account.access, {"retention_days": 1}).ok
        body = {"client_id": "1", "body": "hello"}
        sent = process.call("POST", f"{path}/messages", account.access, body).json()
    in_shell(
        deployment,
        "from datetime import timedelta;"
        "from django.utils import timezone;"
        "from accounts.models import User;"
        "from chat.models import Export, Message;"
        "old = timezone.now() - timedelta(days=2);"
        "Message.objects.filter(kind='user').update(created_at=old);"
        f"user = User.objects.get(username='{account.name}');"
        "Export.objects.create(user=user, state='running', done=1, total=1)",
    )
    with deployment.serving() as process:

        async def is_done() -> bool:
            found = await call(
                process, "GET", f"{path}/messages/{sent['seq']}", account.access
            )
            export = await call(process, "GET", "me/export", account.access)
            is_deleted = found.json()["deleted_at"] is not None
            return is_deleted and export.json()["state"] == "ready"

        async with chatting(process.socket_url(account.access)) as socket:
            await eventually(is_done)
            missed = await socket.subscribe(room, after=sent["seq"])
    assert [one["seq"] for one in missed["messages"]] == [sent["seq"]]
    assert missed["messages"][0]["body"] == ""
