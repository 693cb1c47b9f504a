"""Joining and leaving over a socket, and what the others see of it."""

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_joining_is_announced_in_the_rooms_order(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.charlie)) as charlie,
        chatting(process.socket_url(scene.charlie)) as other_tab,
    ):
        await alice.subscribe(scene.room)
        joined = await charlie.ask(type="room.join", room=scene.room)
        assert joined["room"]["role"] == "member"
        message = (await alice.expect("message.created"))["message"]
        assert (message["kind"], message["event"]["type"]) == (
            "system",
            "member.joined",
        )
        added = await other_tab.expect("room.added")
        assert added["room"] == joined["room"]
        again = await charlie.ask(type="room.join", room=scene.room)
        assert again["room"]["role"] == "member"
        await alice.expect_nothing()


async def test_who_leaves_receives_nothing_above_that(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.bob)) as other_tab,
    ):
        await bob.subscribe(scene.room)
        await other_tab.subscribe(scene.room)
        left = await bob.ask(type="room.leave", room=scene.room)
        assert left["room"]["role"] is None
        for socket in (bob, other_tab):
            last = await socket.expect("message.created")
            assert last["message"]["event"]["type"] == "member.left"
            await socket.expect("room.removed")
        await alice.say(scene.room, "bob is gone")
        await bob.expect_nothing()
        await other_tab.expect_nothing()
        refused = await bob.say(scene.room, "am I?")
        assert refused["code"] == "forbidden"


async def test_who_comes_back_hears_again(process: Process, scene: Scene) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        await bob.ask(type="room.leave", room=scene.room)
        await bob.ask(type="room.join", room=scene.room)
        await bob.subscribe(scene.room)
        bob.kept.clear()
        await alice.say(scene.room, "welcome back")
        event = await bob.expect("message.created")
        assert event["message"]["body"] == "welcome back"
