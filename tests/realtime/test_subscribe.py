"""Subscribing: the reply brings the missed changes, events bring later ones."""

import json
import uuid

from tests.served import Deployment, Person, Process
from tests.sockets import chatting

from .conftest import Scene


async def test_a_subscription_without_after_recovers_nothing(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        subscribed = await bob.subscribe(scene.room)
    assert subscribed["recovered"] is None
    assert subscribed["messages"] == []
    assert subscribed["head_seq"] == scene.head


async def test_the_reply_brings_the_newest_messages_when_asked(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        for number in range(4):
            await bob.say(scene.room, str(number))
        subscribed = await bob.subscribe(scene.room, history=3)
        assert subscribed["recovered"] is None
        assert [m["seq"] for m in subscribed["messages"]] == [4, 5, 6]
        resumed = await bob.subscribe(scene.room, after=5, history=3)
        assert [m["seq"] for m in resumed["messages"]] == [6]


async def test_a_reader_who_was_away_gets_everything_missed(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        before = await bob.subscribe(scene.room)
    async with chatting(process.socket_url(scene.alice)) as alice:
        for number in range(5):
            await alice.say(scene.room, f"missed {number}")
    async with chatting(process.socket_url(scene.bob)) as bob:
        after = await bob.subscribe(
            scene.room, after=before["head_seq"], epoch=before["epoch"]
        )
    assert after["recovered"] is True
    assert [m["rev"] for m in after["messages"]] == [3, 4, 5, 6, 7]
    assert after["messages"][0]["body"] == "missed 0"
    assert after["head_seq"] == 7


async def test_a_number_of_another_epoch_cannot_be_continued(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        subscribed = await bob.subscribe(scene.room, after=1, epoch="00000000")
    assert subscribed["recovered"] is False
    assert subscribed["messages"] == []
    assert subscribed["epoch"] != "00000000"


async def test_a_number_from_the_future_cannot_be_continued(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        subscribed = await bob.subscribe(scene.room, after=99)
    assert subscribed["recovered"] is False


async def test_events_come_after_the_reply_and_stop_after_unsubscribe(
    process: Process, scene: Scene
) -> None:
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        await alice.say(scene.room, "one")
        event = await bob.expect("message.created")
        assert event["seq"] == event["message"]["seq"] == 3
        await bob.ask(type="unsubscribe", rooms=[scene.room])
        await alice.say(scene.room, "two")
        await bob.expect_nothing()


async def test_a_reader_who_subscribes_again_gets_nothing_twice(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.bob)) as bob:
        await bob.subscribe(scene.room)
        again = await bob.subscribe(scene.room, after=1)
        assert [m["rev"] for m in again["messages"]] == [2]
        await bob.say(scene.room, "once")
        await bob.expect("message.created")
        await bob.expect_nothing()


async def test_missing_private_and_malformed_rooms_answer_the_same(
    process: Process, scene: Scene
) -> None:
    """Byte for byte, apart from the id and the ref that the client sent."""
    body = {"name": "secret", "kind": "private"}
    private = process.call("POST", "rooms", scene.alice, body).json()["id"]
    async with chatting(process.socket_url(scene.charlie)) as charlie:
        for command in (
            {"type": "history"},
            {"type": "room.join"},
            {"type": "room.leave"},
            {"type": "message.send", "client_id": "c", "body": "hi"},
        ):
            answers = set()
            for room in (private, str(uuid.uuid4()), "nonsense"):
                answer = await charlie.ask(room=room, **command)
                answers.add(json.dumps({**answer, "ref": 0}))
            assert len(answers) == 1
            assert json.loads(answers.pop())["code"] == "room_not_found"
        rooms = [{"room": r} for r in (private, str(uuid.uuid4()), "nonsense")]
        reply = await charlie.ask(type="subscribe", rooms=rooms)
        assert len({json.dumps({**r, "room": ""}) for r in reply["rooms"]}) == 1
        assert reply["rooms"][0]["error"]["code"] == "room_not_found"


async def test_a_public_room_must_be_joined_before_it_is_read(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.charlie)) as charlie:
        subscribed = await charlie.subscribe(scene.room)
        assert subscribed["error"]["code"] == "forbidden"
        await charlie.expect_nothing()


async def test_a_staff_room_is_not_found_by_others(
    process: Process, deployment: Deployment, people: list[Person]
) -> None:
    """bob is out although he was a member before the room became staff-only."""
    [alice, bob, _] = people
    name = f"staff-{uuid.uuid4().hex[:8]}"
    room = process.call("POST", "rooms", alice.token, {"name": name}).json()["id"]
    assert process.call("POST", f"rooms/{room}/join", bob.token).ok
    deployment.manage(
        "shell",
        "-c",
        "from chat.models import Room;"
        f"Room.objects.filter(pk='{room}').update(staff_only=True)",
    )
    async with chatting(process.socket_url(bob.token)) as socket:
        assert (await socket.subscribe(room))["error"]["code"] == "room_not_found"
        sent = await socket.say(room, "let me in")
        assert sent["code"] == "room_not_found"
    answer = process.call("GET", f"rooms/{room}/messages", bob.token)
    assert answer.status_code == 404


async def test_a_room_is_named_by_one_spelling_of_its_id_alone(
    process: Process, scene: Scene
) -> None:
    """An id in capitals names no room, and must not disturb the real one."""
    async with (
        chatting(process.socket_url(scene.bob)) as bob,
        chatting(process.socket_url(scene.charlie)) as charlie,
    ):
        await bob.subscribe(scene.room)
        for other in (scene.room.upper(), f"{{{scene.room}}}"):
            subscribed = await charlie.subscribe(other)
            assert subscribed["error"]["code"] == "room_not_found"
        await bob.say(scene.room, "still heard")
        await bob.expect("message.created")
