"""Guests over a socket: they hear an open room, until it is closed to them."""

import pytest

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene


@pytest.fixture
def guest(process: Process) -> str:
    return str(process.call("POST", "auth/guest").json()["access"])


@pytest.fixture
def scene(process: Process, scene: Scene) -> Scene:
    """The scene with its room open to guests, which is message 3."""
    open_to_guests(process, scene, True)
    return scene


def open_to_guests(process: Process, scene: Scene, wanted: bool) -> None:
    path = f"rooms/{scene.room}"
    assert process.call("PATCH", path, scene.alice, {"guests_may_read": wanted}).ok


async def test_a_guest_hears_the_room_and_nothing_of_its_people(
    process: Process, scene: Scene, guest: str
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(guest)) as visitor,
    ):
        await alice.subscribe(scene.room)
        caught_up = await visitor.subscribe(scene.room, after=1)
        assert [m["seq"] for m in caught_up["messages"]] == [2, 3]
        assert caught_up["online"] == []
        await alice.say(scene.room, "hello")
        [heard] = await visitor.hear(1)
        assert heard["body"] == "hello"
        assert process.call("PATCH", "me", scene.bob, {"status": scene.room}).ok
        await alice.expect("user.updated")
        await visitor.tell(type="typing.start", room=scene.room)
        await visitor.ask(type="ping")
        await alice.tell(type="typing.start", room=scene.room)
        assert process.call("POST", f"rooms/{scene.room}/join", scene.charlie).ok
        [joined] = await visitor.hear(1)
        assert joined["event"]["type"] == "member.joined"
        await alice.expect("member.joined")
        await visitor.expect_nothing()
        typists = [f["user"] for f in alice.kept if f["type"] == "typing.started"]
        assert [
            user["username"] for user in typists if "guest" in user["username"]
        ] == []
        refused = await visitor.say(scene.room, "me too")
        assert refused["code"] == "forbidden"


async def test_guests_hear_that_the_room_closes_to_them_and_nothing_after_it(
    process: Process, scene: Scene, guest: str
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(guest)) as visitor,
        chatting(process.socket_url(guest)) as other_tab,
    ):
        for socket in (alice, visitor, other_tab):
            await socket.subscribe(scene.room)
        open_to_guests(process, scene, False)
        for socket in (visitor, other_tab):
            last = await socket.expect("message.created")
            assert last["message"]["event"] == {
                "type": "room.settings_changed",
                "guests_may_read": False,
            }
        await alice.say(scene.room, "among ourselves")
        heard = await alice.hear(2)
        assert heard[-1]["body"] == "among ourselves"
        for socket in (visitor, other_tab):
            socket.kept = [f for f in socket.kept if f["type"] != "room.updated"]
            frame = await socket.ask(type="history", room=scene.room)
            assert frame["code"] == "room_not_found"
            refused = await socket.subscribe(scene.room)
            assert refused["error"]["code"] == "room_not_found"
            assert [f for f in socket.kept if f["type"].startswith("message")] == []


async def test_a_guest_comes_back_when_the_room_opens_again(
    process: Process, scene: Scene, guest: str
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(guest)) as visitor,
    ):
        await visitor.subscribe(scene.room)
        open_to_guests(process, scene, False)
        await visitor.expect("message.created")
        open_to_guests(process, scene, True)
        await alice.say(scene.room, "welcome back")
        caught_up = await visitor.subscribe(scene.room, after=4)
        assert [m["seq"] for m in caught_up["messages"]] == [5, 6]
        await alice.say(scene.room, "so")
        [heard] = await visitor.hear(1)
        assert heard["seq"] == 7


async def test_a_guest_who_logs_out_is_closed(
    process: Process, scene: Scene, guest: str
) -> None:
    async with chatting(process.socket_url(guest)) as visitor:
        await visitor.subscribe(scene.room)
        assert process.call("POST", "auth/logout", guest).ok
        bye, code = await visitor.closed()
        assert (bye or {})["reason"] == "session_revoked"
        assert code == 4501
