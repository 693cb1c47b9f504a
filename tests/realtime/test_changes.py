"""Edits, deletions, reactions, read markers and typing over sockets."""

import asyncio

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_changes_of_messages_reach_everybody_in_order(
    process: Process, scene: Scene
) -> None:
    room = scene.room
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(room)
        await alice.say(room, "hello")
        edited = await alice.ask(type="message.edit", room=room, seq=3, body="hullo")
        reacted = await bob.ask(type="reaction.add", room=room, seq=3, emoji="👍")
        await bob.ask(type="reaction.remove", room=room, seq=3, emoji="👍")
        deleted = await alice.ask(type="message.delete", room=room, seq=3)
        assert (await bob.expect("message.created"))["seq"] == 3
        updates = [await bob.expect("message.updated") for _ in range(3)]
        assert [update["seq"] for update in updates] == [4, 5, 6]
        assert [u["message"]["rev"] for u in updates] == [4, 5, 6]
        assert {update["message"]["seq"] for update in updates} == {3}
        assert updates[0]["message"] == edited["message"]
        assert updates[1]["message"] == reacted["message"]
        last = await bob.expect("message.deleted")
        assert (last["seq"], last["message"]) == (7, deleted["message"])


async def test_a_member_who_was_away_gets_a_changed_message_once(
    process: Process, scene: Scene
) -> None:
    room = scene.room
    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.say(room, "one")
        await alice.say(room, "two")
        await alice.ask(type="message.edit", room=room, seq=3, body="one, edited")
        await alice.ask(type="reaction.add", room=room, seq=3, emoji="👍")
    async with chatting(process.socket_url(scene.bob)) as bob:
        caught_up = await bob.subscribe(room, after=3)
    assert caught_up["head_seq"] == 6
    assert [(m["seq"], m["rev"]) for m in caught_up["messages"]] == [(4, 4), (3, 6)]
    assert caught_up["messages"][1]["body"] == "one, edited"


async def test_a_refused_change_changes_nothing(process: Process, scene: Scene) -> None:
    room = scene.room
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.charlie)) as charlie,
    ):
        await alice.say(room, "mine")
        edit = {"type": "message.edit", "room": room, "seq": 3, "body": "ours"}
        assert (await bob.ask(**edit))["code"] == "forbidden"
        assert (await charlie.ask(**edit))["code"] == "forbidden"
        missing = {**edit, "seq": 99}
        assert (await alice.ask(**missing))["code"] == "message_not_found"
        emoji = {"type": "reaction.add", "room": room, "seq": 3, "emoji": "x"}
        assert (await bob.ask(**emoji))["code"] == "invalid"
        assert (await bob.subscribe(room))["head_seq"] == 3


async def test_a_read_marker_reaches_the_persons_other_device(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as phone,
        chatting(process.socket_url(scene.bob)) as laptop,
    ):
        await alice.say(scene.room, "one")
        await alice.say(scene.room, "two")
        reply = await phone.ask(type="read.mark", room=scene.room, seq=3)
        assert (reply["read_seq"], reply["unread"]) == (3, 1)
        heard = await laptop.expect("read.updated")
        assert (heard["room"], heard["unread"]) == (scene.room, 1)
        await alice.expect_nothing()


async def test_typing_is_heard_and_ends_by_itself(
    process: Process, scene: Scene
) -> None:
    typing = {"type": "typing.start", "room": scene.room}
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.charlie)) as charlie,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        await charlie.tell(**typing)
        await alice.tell(**typing)
        started = await bob.expect("typing.started")
        alice_id = started["user"]["id"]
        assert started["expires_in"] == 6
        # charlie is no member, so nobody hears that charlie types.
        await bob.expect_nothing()
        await alice.tell(type="typing.stop", room=scene.room)
        assert (await bob.expect("typing.stopped"))["user"]["id"] == alice_id
        await asyncio.sleep(2)
        await alice.tell(**typing)
        await bob.expect("typing.started")
        async with asyncio.timeout(8):
            await bob.expect("typing.stopped")


async def test_a_typist_who_closes_the_socket_stops_typing(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.subscribe(scene.room)
        async with chatting(process.socket_url(scene.alice)) as alice:
            await alice.subscribe(scene.room)
            await alice.tell(type="typing.start", room=scene.room)
            await bob.expect("typing.started")
        await bob.expect("typing.stopped")
