"""message.send and history over a socket."""

import uuid

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


async def test_a_message_is_answered_and_announced(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        reply = await alice.say(scene.room, "hello", client_id="my-key")
        assert reply["duplicate"] is False
        message = reply["message"]
        assert (message["seq"], message["client_id"]) == (3, "my-key")
        for socket in (alice, bob):
            assert (await socket.expect("message.created"))["message"] == message
    stored = process.call("GET", f"rooms/{scene.room}/messages/3", scene.bob)
    assert stored.json() == message


async def test_a_message_over_rest_reaches_the_sockets(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.subscribe(scene.room)
        body = {"client_id": "r1", "body": "from REST"}
        sent = process.call("POST", f"rooms/{scene.room}/messages", scene.alice, body)
        assert sent.status_code == 201
        event = await bob.expect("message.created")
        assert event["message"] == sent.json()


async def test_the_same_client_id_over_both_doors_is_one_row(
    process: Process, scene: Scene
) -> None:
    key = uuid.uuid4().hex
    body = {"client_id": key, "body": "once"}
    path = f"rooms/{scene.room}/messages"
    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.subscribe(scene.room)
        first = await alice.say(scene.room, "once", client_id=key)
        again = await alice.say(scene.room, "once", client_id=key)
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        rest = process.call("POST", path, scene.alice, body)
        assert rest.status_code == 200
        assert rest.json() == first["message"] == again["message"]
        other = await alice.say(scene.room, "twice", client_id=key)
        assert other["code"] == "conflict"
        await alice.expect("message.created")
        await alice.expect_nothing()
    stored = process.call("GET", path, scene.alice).json()["messages"]
    assert [m["client_id"] for m in stored].count(key) == 1


async def test_another_person_may_use_the_same_client_id(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        first = await alice.say(scene.room, "a", client_id="same")
        second = await bob.say(scene.room, "b", client_id="same")
    assert first["message"]["seq"] != second["message"]["seq"]


async def test_a_member_reads_history_in_pages(process: Process, scene: Scene) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        for number in range(6):
            await alice.say(scene.room, str(number))
        newest = await alice.ask(type="history", room=scene.room, limit=3)
        assert [m["seq"] for m in newest["messages"]] == [6, 7, 8]
        assert (newest["has_before"], newest["has_after"]) == (True, False)
        older = await alice.ask(type="history", room=scene.room, before=6, limit=3)
        assert [m["seq"] for m in older["messages"]] == [3, 4, 5]
        around = await alice.ask(type="history", room=scene.room, around=4, limit=4)
        assert [m["seq"] for m in around["messages"]] == [2, 3, 4, 5]
        both = await alice.ask(type="history", room=scene.room, before=6, after=1)
        assert both["code"] == "invalid"


async def test_ping_is_answered(process: Process, scene: Scene) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        assert "server_time" in await alice.ask(type="ping")


async def test_commands_are_answered_in_their_order(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        refs = [
            await alice.send(
                type="message.send", room=scene.room, client_id=f"k{i}", body=str(i)
            )
            for i in range(10)
        ]
        replies = [await alice.expect("reply") for _ in refs]
    assert [reply["ref"] for reply in replies] == refs
    assert [reply["message"]["body"] for reply in replies] == [
        str(i) for i in range(10)
    ]
