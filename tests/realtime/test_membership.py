"""Joining and leaving over a socket, and what the others see of it."""

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_a_join_is_announced_in_the_order_of_the_room(
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
        assert (await alice.expect("member.joined"))["member_count"] == 3
        await alice.expect_nothing()


async def test_a_member_who_leaves_receives_nothing_after_that(
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


async def test_a_member_who_comes_back_hears_the_room_again(
    process: Process, scene: Scene
) -> None:
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


async def test_a_first_direct_message_makes_the_room_of_two(
    process: Process, scene: Scene
) -> None:
    bob_name = process.call("GET", "me", scene.bob).json()["username"]
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        say = {"type": "direct.send", "to": bob_name, "body": "psst"}
        sent = await alice.ask(**say, client_id=scene.room)
        again = await alice.ask(**say, client_id=scene.room)
        assert (sent["duplicate"], again["duplicate"]) == (False, True)
        room = sent["room"]["id"]
        assert sent["room"]["kind"] == "direct"
        assert room == again["room"]["id"]
        caught_up = await bob.subscribe(room, history=1)
        assert caught_up["messages"] == [sent["message"]]
        nobody = await alice.ask(**{**say, "to": "nobody"}, client_id="x")
        assert nobody["code"] == "user_not_found"


async def test_a_member_who_is_removed_receives_nothing_after_that(
    process: Process, scene: Scene
) -> None:
    bob_id = process.call("GET", "me", scene.bob).json()["id"]
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        path = f"rooms/{scene.room}/bans/{bob_id}"
        assert process.call("PUT", path, scene.alice).ok
        last = await bob.expect("message.created")
        assert last["message"]["event"]["type"] == "member.banned"
        await bob.expect("room.removed")
        # The room is public: bob saw it in the directory, and sees it no longer.
        await bob.expect("room.deleted")
        await alice.say(scene.room, "bob is gone")
        await bob.expect_nothing()
        assert (await bob.say(scene.room, "am I?"))["code"] == "room_not_found"
        joined = await bob.ask(type="room.join", room=scene.room)
        assert joined["code"] == "room_not_found"
