"""A room whose row stays locked: its senders are answered, other rooms go on."""

import asyncio
import secrets

import psycopg

from tests.sockets import chatting

from .conftest import Scene, Two


async def test_a_room_that_stays_locked_is_unavailable_and_other_rooms_are_not(
    two: Two, shared_scene: Scene, postgres_url: str
) -> None:
    scene, server = shared_scene, two[0]
    name = {"name": f"room-{secrets.token_hex(4)}"}
    free = server.call("POST", "rooms", scene.charlie, name).json()["id"]
    with psycopg.connect(postgres_url) as database:
        database.execute(
            "SELECT 1 FROM chat_room WHERE id = %s FOR UPDATE", [scene.room]
        )
        async with (
            chatting(server.socket_url(scene.alice)) as alice,
            chatting(server.socket_url(scene.bob)) as bob,
            chatting(server.socket_url(scene.charlie)) as charlie,
        ):
            first = asyncio.create_task(alice.say(scene.room, "waits", "key"))
            await asyncio.sleep(0.5)
            # These two go into the next batch.
            second, third = await asyncio.gather(
                bob.say(scene.room, "waits too"), charlie.say(free, "goes on")
            )
            for refused in (await first, second):
                assert refused["code"] == "unavailable", refused
                assert refused["retry_after"] == 1
            assert third["message"]["seq"] == 2
            body = {"client_id": "rest", "body": "waits"}
            path = f"rooms/{scene.room}/messages"
            answer = await asyncio.to_thread(server.call, "POST", path, scene.bob, body)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            topic = {"topic": "Waits"}
            path = f"rooms/{scene.room}"
            answer = await asyncio.to_thread(
                server.call, "PATCH", path, scene.alice, topic
            )
            assert (answer.status_code, answer.json()["retry_after"]) == (503, 1)
            database.rollback()
            reply = await alice.say(scene.room, "waits", "key")
            assert (reply["message"]["seq"], reply["duplicate"]) == (
                scene.head + 1,
                False,
            )
