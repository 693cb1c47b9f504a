"""Profiles, blocks and appearing offline, as open sockets hear of them."""

import secrets

import pytest

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene, new_scene


@pytest.fixture
def scene(process: Process) -> Scene:
    """New people, whom no other test changes."""
    names = [f"q-{secrets.token_hex(4)}" for _ in range(3)]
    tokens = [
        process.call(
            "POST", "auth/register", body={"username": n, "password": f"of {n} alone"}
        ).json()["access"]
        for n in names
    ]
    return new_scene(process, *tokens)


def id_of(process: Process, token: str) -> str:
    return str(process.call("GET", "me", token).json()["id"])


async def test_a_new_profile_reaches_shared_rooms_and_the_own_devices_once(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.bob)) as other_tab,
        chatting(process.socket_url(scene.charlie)) as charlie,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        for socket in (alice, bob, other_tab, charlie):
            await socket.ask(type="ping")
        change = {"display_name": "Robert", "status": "Busy"}
        me = process.call("PATCH", "me", scene.bob, change).json()
        for socket in (alice, bob, other_tab):
            event = await socket.expect("user.updated")
            assert event["status"] == "Busy"
            assert event["user"]["id"] == me["id"]
            assert event["user"]["display_name"] == "Robert"
            socket.kept = [f for f in socket.kept if f["type"] != "presence.changed"]
            await socket.expect_nothing(0.3)
        await charlie.expect_nothing(0.3)


async def test_a_person_who_was_renamed_types_under_the_new_name(
    process: Process, scene: Scene
) -> None:
    """Bob's socket stays open all the while: it was let in under his old name."""
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        change = {"display_name": "Robert"}
        assert process.call("PATCH", "me", scene.bob, change).ok
        await alice.expect("user.updated")
        await bob.tell(type="typing.start", room=scene.room)
        started = await alice.expect("typing.started")
        assert started["user"]["display_name"] == "Robert"
        await bob.tell(type="typing.stop", room=scene.room)
        stopped = await alice.expect("typing.stopped")
        assert stopped["user"]["display_name"] == "Robert"


async def test_a_person_does_not_hear_that_somebody_they_blocked_types(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.charlie)) as charlie,
    ):
        assert process.call("POST", f"rooms/{scene.room}/join", scene.charlie).ok
        for socket in (alice, bob, charlie):
            await socket.subscribe(scene.room)
        block = f"me/blocks/{id_of(process, scene.bob)}"
        assert process.call("PUT", block, scene.alice).ok
        await alice.expect("blocks.changed")
        await bob.tell(type="typing.start", room=scene.room)
        await charlie.expect("typing.started")
        await bob.tell(type="typing.stop", room=scene.room)
        await charlie.expect("typing.stopped")
        await alice.ask(type="ping")
        assert [f for f in alice.kept if f["type"].startswith("typing")] == []
        assert process.call("DELETE", block, scene.alice).ok
        await bob.tell(type="typing.start", room=scene.room)
        await alice.expect("typing.started")


async def test_a_person_who_appears_offline_looks_gone_to_others(
    process: Process, scene: Scene
) -> None:
    bob_id = id_of(process, scene.bob)

    def presence(online: bool) -> object:
        return lambda f: (
            f["type"] == "presence.changed"
            and (f["user"], f["online"]) == (bob_id, online)
        )

    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.subscribe(scene.room)
        async with chatting(process.socket_url(scene.bob)) as bob:
            await alice.until(presence(True))
            process.call("PATCH", "me", scene.bob, {"appear_offline": True})
            await alice.until(presence(False))
            online = (await alice.subscribe(scene.room))["online"]
            assert bob_id not in online
            profile = process.call("GET", f"users/{bob_id}", scene.alice).json()
            assert (profile["online"], profile["last_seen_at"]) == (False, None)
            await bob.say(scene.room, "I am not here")
            process.call("PATCH", "me", scene.bob, {"appear_offline": False})
            await alice.until(presence(True))


async def test_a_blocked_person_is_refused_and_the_blockers_devices_hear_of_the_block(
    process: Process, scene: Scene
) -> None:
    alice_id, bob_id = (id_of(process, token) for token in (scene.alice, scene.bob))
    to_alice = {"type": "direct.send", "to": alice_id, "body": "psst"}
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.alice)) as other_tab,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        first = await bob.ask(**to_alice, client_id="1")
        room = first["room"]["id"]
        assert process.call("PUT", f"me/blocks/{bob_id}", scene.alice).ok
        for socket in (alice, other_tab):
            event = await socket.expect("blocks.changed")
            assert event["blocked"] == [bob_id]
        refused = await bob.ask(**to_alice, client_id="2")
        nobody = {**to_alice, "to": "nobody"}
        missing = await bob.ask(**nobody, client_id="3")
        assert {**refused, "ref": 0} == {**missing, "ref": 0}
        assert refused["code"] == "user_not_found"
        assert (await bob.say(room, "hello?"))["code"] == "user_not_found"
        assert (await alice.say(room, "No."))["type"] == "reply"
        assert (await bob.say(scene.room, "to all"))["type"] == "reply"
        assert [f for f in bob.kept if f["type"] == "blocks.changed"] == []
