"""auth.refresh: between two tokens a socket is sent nothing and loses nothing."""

import asyncio
import time

import pytest

from tests.served import SIGNING_KEY, Deployment, Person, Process
from tests.sockets import Socket, chatting, opened
from tests.unit.crafted import claims_of, signed

from .conftest import NewDeployment, Scene


def ending(token: str, seconds: float) -> str:
    """The same token, but it ends after this time."""
    exp = int(time.time() + seconds)
    return signed({**claims_of(token), "exp": exp}, SIGNING_KEY)


async def past_the_end(token: str) -> None:
    await asyncio.sleep(max(0.0, claims_of(token)["exp"] - time.time()) + 0.05)


async def silent(socket: Socket, token: str) -> None:
    """Return when the token has ended and everything from before has been read."""
    await past_the_end(token)
    await socket.ask(type="ping")
    socket.kept.clear()


async def refresh(socket: Socket, token: str) -> None:
    reply = await socket.ask(type="auth.refresh", token=token)
    assert reply["type"] == "reply", reply


async def test_a_client_that_is_reminded_renews_its_token_and_goes_on(
    process: Process, scene: Scene
) -> None:
    short = ending(scene.bob, 3)
    async with (
        chatting(process.socket_url(short)) as bob,
        chatting(process.socket_url(scene.alice)) as alice,
    ):
        expiring = await bob.expect("token.expiring")
        await bob.subscribe(scene.room)
        reply = await bob.ask(type="auth.refresh", token=scene.bob)
        assert reply["token_expires_at"] > expiring["expires_at"]
        await past_the_end(short)
        await alice.say(scene.room, "still there?")
        assert [m["body"] for m in await bob.hear(1)] == ["still there?"]
        assert {"error", "bye"}.isdisjoint(f["type"] for f in bob.kept)


async def test_no_client_is_reminded_long_before_the_end(
    process: Process, people: list[Person]
) -> None:
    async with chatting(process.socket_url(ending(people[0].token, 65))) as socket:
        await socket.expect_nothing(2)


async def test_frames_after_the_tokens_end_wait_for_the_new_token(
    process: Process, scene: Scene
) -> None:
    short = ending(scene.bob, 2)
    async with (
        chatting(process.socket_url(short)) as bob,
        chatting(process.socket_url(scene.alice)) as alice,
    ):
        await bob.expect("token.expiring")
        await bob.subscribe(scene.room)
        await alice.subscribe(scene.room)
        await silent(bob, short)
        await alice.tell(type="typing.start", room=scene.room)
        for number in range(3):
            await alice.say(scene.room, f"{number}")
        await bob.expect_nothing(1)
        await refresh(bob, scene.bob)
        # Later messages come after the kept ones.
        await alice.say(scene.room, "3")
        assert [m["body"] for m in await bob.hear(4)] == ["0", "1", "2", "3"]
        assert "typing.started" not in {f["type"] for f in bob.kept}
        assert (await bob.say(scene.room, "back"))["type"] == "reply"


async def test_after_the_tokens_end_only_commands_about_the_connection_are_served(
    process: Process, scene: Scene
) -> None:
    short = ending(scene.bob, 1.5)
    async with (
        chatting(process.socket_url(short)) as bob,
        chatting(process.socket_url(scene.alice)) as alice,
    ):
        await alice.subscribe(scene.room)
        await bob.subscribe(scene.room)
        await past_the_end(short)
        for command in (
            {"type": "message.send", "client_id": "late", "body": "hello"},
            {"type": "history"},
            {"type": "read.mark", "seq": 1},
            {"type": "room.leave"},
        ):
            answer = await bob.ask(room=scene.room, **command)
            assert (answer["type"], answer["code"]) == ("error", "token_expired")
        await bob.tell(type="typing.start", room=scene.room)
        assert "server_time" in await bob.ask(type="ping")
        await bob.tell(type="nonsense")
        assert (await bob.expect("error"))["code"] == "unknown_command"
        await alice.ask(type="ping")
        heard = {f["type"] for f in alice.kept}
        assert heard <= {"presence.changed"}
        await refresh(bob, scene.bob)
        assert (await bob.say(scene.room, "hello", "late"))["duplicate"] is False


async def test_a_member_who_is_removed_in_the_grace_hears_that_and_nothing_after_it(
    process: Process, scene: Scene
) -> None:
    bob_id = process.call("GET", "me", scene.bob).json()["id"]
    short = ending(scene.bob, 1.5)
    async with (
        chatting(process.socket_url(short)) as bob,
        chatting(process.socket_url(scene.alice)) as alice,
    ):
        await bob.subscribe(scene.room)
        await silent(bob, short)
        await alice.say(scene.room, "before")
        ban = f"rooms/{scene.room}/bans/{bob_id}"
        assert process.call("PUT", ban, scene.alice).ok
        await alice.say(scene.room, "after")
        await asyncio.sleep(0.5)
        await refresh(bob, scene.bob)
        heard = await bob.hear(2)
        assert [m["seq"] for m in heard] == [3, 4]
        assert heard[1]["event"]["type"] == "member.banned"
        await asyncio.sleep(1)
        await bob.ask(type="ping")
        assert {"message.created", "room.changes"}.isdisjoint(
            f["type"] for f in bob.kept
        )


@pytest.mark.parametrize("whose", ["another person", "another session", "ended"])
async def test_a_token_of_another_session_is_refused(
    deployment: Deployment, process: Process, scene: Scene, whose: str
) -> None:
    [other] = deployment.people(1)
    tokens = {
        "another person": (scene.alice, "unauthorized"),
        "another session": (other.token, "unauthorized"),
        # It ended within the leeway that REST grants.
        "ended": (ending(scene.bob, -2), "token_expired"),
    }
    token, code = tokens[whose]
    mine = scene.alice if whose == "another session" else scene.bob
    async with chatting(process.socket_url(mine)) as socket:
        error = await socket.ask(type="auth.refresh", token=token)
        assert (error["type"], error["code"]) == ("error", code)
        assert (await socket.subscribe(scene.room))["head_seq"] == scene.head


async def test_an_older_token_of_the_session_takes_no_time_away(
    process: Process, people: list[Person]
) -> None:
    token = people[0].token
    async with opened(process.socket_url(token)) as socket:
        hello = await socket.expect("hello")
        reply = await socket.ask(type="auth.refresh", token=ending(token, 30))
        assert reply["token_expires_at"] == hello["token_expires_at"]


async def test_a_session_that_ends_in_the_grace_closes_the_socket(
    deployment: Deployment, process: Process
) -> None:
    [person] = deployment.people(1)
    short = ending(person.token, 1)
    async with chatting(process.socket_url(short)) as socket:
        await past_the_end(short)
        assert process.call("POST", "auth/logout", person.token).ok
        _, code = await socket.closed()
    assert code == 4501


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_socket_without_a_new_token_is_closed_after_the_grace(
    embedded: NewDeployment, server: str
) -> None:
    deployment = embedded(server)
    with deployment.serving() as process:
        [person] = deployment.people(1)
        short = ending(person.token, 1)
        async with chatting(process.socket_url(short)) as socket:
            await socket.expect("token.expiring")
            await past_the_end(short)
            # Waits longer than tests usually do.
            for _ in range(23):
                assert (await socket.ask(type="ping"))["type"] == "reply"
                await asyncio.sleep(1)
            bye, code = await socket.closed()
    assert code == 4003
    assert bye is not None
    assert bye["reconnect"] is True
