"""Two processes on one PostgreSQL and one Redis, and the hints that get lost."""

import asyncio
from contextlib import suppress

import psycopg
from websockets.exceptions import ConnectionClosed

from tests.served import Deployment
from tests.sockets import Socket, chatting

from .conftest import Scene, Two


async def test_sockets_on_two_processes_hear_each_other(
    two: Two, shared_scene: Scene
) -> None:
    scene = shared_scene
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        await alice.say(scene.room, "from the first")
        assert (await bob.expect("message.created"))["seq"] == 3
        await bob.say(scene.room, "from the second")
        assert [message["seq"] for message in await alice.hear(2)] == [3, 4]


async def test_a_deleted_room_is_gone_from_every_process_at_once(
    two: Two, shared_scene: Scene
) -> None:
    scene = shared_scene
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        assert (
            two[0].call("DELETE", f"rooms/{scene.room}", scene.alice).status_code == 204
        )
        for socket in (alice, bob):
            assert (await socket.expect("room.deleted"))["room"] == scene.room
            await socket.expect_nothing()
            assert (await socket.subscribe(scene.room))["error"]["code"] == (
                "room_not_found"
            )


async def test_a_process_that_was_taken_for_dead_brings_its_people_back(
    two: Two, shared_scene: Scene, postgres_url: str
) -> None:
    """After half a minute without the database, the first to renew ends the other."""
    scene = shared_scene
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        for socket in (alice, bob):
            await _until_online(socket, scene.room, 2)
        with psycopg.connect(postgres_url) as database:
            database.execute("UPDATE chat_serverprocess SET alive_until = now()")
        told = [asyncio.create_task(_offline(socket)) for socket in (alice, bob)]
        done, late = await asyncio.wait(
            told, timeout=15, return_when=asyncio.FIRST_COMPLETED
        )
        for task in late:
            task.cancel()
        # A cancelled task reads on until it has run once more, and two may not read.
        await asyncio.gather(*late, return_exceptions=True)
        assert done
        for task in done:
            task.result()
        for socket in (alice, bob):
            await _until_online(socket, scene.room, 2)


async def _offline(socket: Socket) -> None:
    is_online = True
    while is_online:
        with suppress(TimeoutError):
            is_online = (await socket.expect("presence.changed"))["online"]


async def _until_online(socket: Socket, room: str, people: int) -> None:
    async with asyncio.timeout(15):
        while len((await socket.subscribe(room))["online"]) != people:  # noqa: ASYNC110
            await asyncio.sleep(0.5)


async def test_two_processes_write_to_one_room_at_once(
    two: Two, shared_scene: Scene
) -> None:
    scene = shared_scene
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        for number in range(20):
            await asyncio.gather(
                alice.say(scene.room, f"a{number}"), bob.say(scene.room, f"b{number}")
            )
        for socket in (alice, bob):
            heard = [message["seq"] for message in await socket.hear(40)]
            assert heard == list(range(3, 43))


async def test_a_client_resumes_on_another_process(
    two: Two, shared_scene: Scene
) -> None:
    scene = shared_scene
    async with chatting(two[0].socket_url(scene.bob)) as bob:
        before = await bob.subscribe(scene.room)
    async with chatting(two[0].socket_url(scene.alice)) as alice:
        await alice.say(scene.room, "while you were away")
    async with chatting(two[1].socket_url(scene.bob)) as bob:
        after = await bob.subscribe(
            scene.room, after=before["head_seq"], epoch=before["epoch"]
        )
        assert after["recovered"] is True
        assert [m["body"] for m in after["messages"]] == ["while you were away"]
        other = await bob.subscribe(scene.room, after=1, epoch="ffffffff")
        assert other["recovered"] is False


async def test_a_logout_closes_the_sockets_of_that_session_elsewhere(
    two: Two, shared: Deployment
) -> None:
    [first, second] = shared.people(1) + shared.people(1)
    async with (
        chatting(two[1].socket_url(first.token)) as ended,
        chatting(two[1].socket_url(second.token)) as other,
    ):
        assert two[0].call("POST", "auth/logout", first.token).status_code == 204
        async with asyncio.timeout(2):
            bye, code = await ended.closed()
        assert code == 4501
        assert bye is not None
        assert bye["reconnect"] is False
        assert "server_time" in await other.ask(type="ping")
    async with chatting(two[0].socket_url(second.token)) as socket:
        two[1].call("POST", "auth/logout-all", second.token)
        _, code = await socket.closed()
        assert code == 4501


async def test_a_lost_last_hint_is_found_in_the_database(
    two: Two, shared: Deployment, shared_scene: Scene
) -> None:
    """A process without Redis wrote it, so no hint comes, and no later message."""
    scene = shared_scene
    deaf = Deployment(shared.directory, shared.server, shared.database_url)
    async with chatting(two[1].socket_url(scene.bob)) as bob:
        await bob.subscribe(scene.room)
        deaf.manage(
            "shell",
            "-c",
            "from accounts.actor import system;"
            "from accounts.models import User;"
            "from accounts.actor import system;"
            "from chat.actions.messages import send_message;"
            "alice = system(User.objects.get(username='load-0'));"
            f"send_message(alice, '{scene.room}', client_id='deaf', body='heard?')",
        )
        # Waits longer than tests usually do: heads are compared every 10 s.
        async with asyncio.timeout(15):
            while not any(f["type"] == "room.changes" for f in bob.kept):
                bob.kept.append(await bob.receive())
    [changes] = [frame for frame in bob.kept if frame["type"] == "room.changes"]
    assert (changes["after"], changes["seq"]) == (2, 3)
    assert [m["body"] for m in changes["messages"]] == ["heard?"]


async def test_a_removal_that_nothing_tells_of_is_found_in_the_database(
    two: Two, shared_scene: Scene, postgres_url: str
) -> None:
    """Neither a hint nor the log tells of it: readers are confirmed every 15 s (G6)."""
    scene = shared_scene
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        with psycopg.connect(postgres_url) as database:
            database.execute(
                "DELETE FROM chat_membership WHERE room_id = %s AND role = 'member'",
                [scene.room],
            )
        async with asyncio.timeout(20):
            while not any(f["type"] == "room.removed" for f in bob.kept):
                bob.kept.append(await bob.receive())
        assert (await bob.expect("room.removed"))["room"] == scene.room
        await alice.say(scene.room, "among ourselves")
        await alice.hear(1)
        await bob.expect_nothing()


async def test_a_killed_process_takes_its_people_offline(
    two: Two, shared: Deployment, shared_scene: Scene
) -> None:
    """Within 60 s, as people on another process see it."""
    scene = shared_scene
    with shared.serving() as doomed:
        async with chatting(two[0].socket_url(scene.alice)) as alice:
            async with chatting(doomed.socket_url(scene.bob)) as bob:
                await bob.ask(type="ping")
                await asyncio.sleep(1)
                assert len((await alice.subscribe(scene.room))["online"]) == 2
                doomed.stop()
                # Waits longer than tests usually do, and answers pings meanwhile.
                async with asyncio.timeout(60):
                    while not any(f["type"] == "presence.changed" for f in alice.kept):
                        alice.kept.append(await alice.receive())
            assert len((await alice.subscribe(scene.room))["online"]) == 1


async def test_an_ended_session_is_found_without_a_hint(
    two: Two, shared: Deployment, shared_scene: Scene
) -> None:
    """A process without Redis ended it, so no hint comes: sockets close within 35 s."""
    [person] = shared.people(1)
    deaf = Deployment(shared.directory, shared.server, shared.database_url)
    async with chatting(two[1].socket_url(person.token)) as socket:
        deaf.manage(
            "shell",
            "-c",
            "from accounts.models import User;"
            "from accounts.sessions import end_all_sessions;"
            "end_all_sessions(User.objects.get(username='load-0'))",
        )
        async with asyncio.timeout(35):
            with suppress(ConnectionClosed):
                while True:
                    await socket.receive()
        assert socket.connection.close_code == 4501
