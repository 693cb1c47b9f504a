"""Hostile input: an error reply, nobody else disturbed, never 1011."""

import pytest

from tests.served import Process
from tests.sockets import chatting

from .conftest import Scene

DEEP = '{"type":"ping","ref":1,"x":' + "[" * 10_000 + "]" * 10_000 + "}"
BAD_FRAMES: dict[str, tuple[str | bytes, str]] = {
    "not JSON": ("{", "bad_frame"),
    "empty": ("", "bad_frame"),
    "not an object": ("[1]", "bad_frame"),
    "binary": (b'{"type":"ping","ref":1}', "bad_frame"),
    "no type": ('{"ref":1}', "invalid"),
    "unknown command": ('{"type":"room.explode","ref":1}', "unknown_command"),
    "a method's name": ('{"type":"__class__","ref":1}', "unknown_command"),
    "unknown field": ('{"type":"ping","ref":1,"admin":true}', "invalid"),
    "no ref": ('{"type":"ping"}', "invalid"),
    "a bool as ref": ('{"type":"ping","ref":true}', "invalid"),
    "a huge ref": ('{"type":"ping","ref":9223372036854775808}', "invalid"),
    "NaN": ('{"type":"ping","ref":NaN}', "bad_frame"),
    "lone surrogate": (
        '{"type":"history","ref":1,"room":"\\ud800"}',
        "bad_frame",
    ),
    "10,000 levels": (DEEP, "invalid"),
    "a frame over the limit": (f'"{"x" * 40_000}"', "too_long"),
}


@pytest.mark.parametrize("kind", BAD_FRAMES)
async def test_a_bad_frame_is_answered_and_other_sockets_do_not_notice(
    process: Process, scene: Scene, kind: str
) -> None:
    frame, code = BAD_FRAMES[kind]
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await bob.subscribe(scene.room)
        await alice.connection.send(frame)
        error = await alice.expect("error")
        assert error["code"] == code
        # The same socket goes on, and so do all others.
        assert (await alice.say(scene.room, "still here"))["type"] == "reply"
        event = await bob.expect("message.created")
        assert event["message"]["body"] == "still here"


async def test_a_frame_far_over_the_limit_closes_that_socket_alone(
    process: Process, scene: Scene
) -> None:
    """uvicorn closes with 1009; daphne drops the connection: the client sees 1006."""
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as bob,
    ):
        await alice.connection.send("x" * 200_000)
        _, code = await alice.closed()
        assert code in {1009, 1006}
        assert (await bob.say(scene.room, "still here"))["type"] == "reply"


async def test_a_client_that_sends_only_nonsense_is_closed(
    process: Process, scene: Scene
) -> None:
    async with chatting(process.socket_url(scene.alice)) as alice:
        for _ in range(30):
            await alice.connection.send("{")
        bye, code = await alice.closed()
    assert code == 4503
    assert bye is not None
    assert bye["reason"] == "bad_frames"


@pytest.mark.parametrize(
    ("body", "code"),
    [("a\\u0000b", "invalid"), ("x" * 4001, "too_long"), ("  ", "invalid")],
)
async def test_a_bad_body_stores_nothing(
    process: Process, scene: Scene, body: str, code: str
) -> None:
    frame = (
        f'{{"type":"message.send","ref":7,"room":"{scene.room}",'
        f'"client_id":"c1","body":"{body}"}}'
    )
    async with chatting(process.socket_url(scene.alice)) as alice:
        await alice.connection.send(frame)
        error = await alice.expect("error")
        assert (error["ref"], error["code"]) == (7, code)
        assert (await alice.subscribe(scene.room))["head_seq"] == scene.head
