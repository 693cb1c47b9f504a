"""A person with a socket in any tab or device is online, and others hear of it."""

import asyncio
import secrets

import pytest

from tests.served import Process
from tests.sockets import Socket, chatting

from .conftest import Scene, new_scene


@pytest.fixture
def scene(process: Process) -> Scene:
    """New people: others may still be online through a process that was killed."""
    names = [f"p-{secrets.token_hex(4)}" for _ in range(3)]
    tokens = [
        process.call(
            "POST", "auth/register", body={"username": n, "password": f"of {n} alone"}
        ).json()["access"]
        for n in names
    ]
    return new_scene(process, *tokens)


async def online(socket: Socket, room: str) -> int:
    return len((await socket.subscribe(room))["online"])


async def test_a_person_who_comes_and_goes_is_announced(
    process: Process, scene: Scene
) -> None:
    bob_id = process.call("GET", "me", scene.bob).json()["id"]
    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.subscribe(scene.room)
        async with chatting(process.socket_url(scene.bob)) as bob:
            await _until(alice, bob_id, online=True)
            assert await online(bob, scene.room) == 2
        gone = await _until(alice, bob_id, online=False)
        assert gone["last_seen_at"] is not None
        assert await online(alice, scene.room) == 1


async def test_a_person_who_closes_one_of_two_tabs_stays_online(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as stays,
    ):
        await alice.subscribe(scene.room)
        await stays.ask(type="ping")
        async with chatting(process.socket_url(scene.bob)):
            pass
        # Longer than the server waits for a page that is loaded again.
        await asyncio.sleep(7)
        assert await online(alice, scene.room) == 2


async def _until(socket: Socket, person: str, *, online: bool) -> dict[str, object]:
    return await socket.until(
        lambda f: (
            f["type"] == "presence.changed"
            and (f["user"], f["online"]) == (person, online)
        )
    )
