"""Everybody sees one order: 1, 2, 3 ..., each once, however many write at once."""

import asyncio
from contextlib import AsyncExitStack

from tests.served import Deployment, Process
from tests.sockets import Socket, chatting

SOCKETS = 50
EACH = 20


async def test_a_thousand_messages_at_once_reach_all_in_one_order(
    process: Process, deployment: Deployment
) -> None:
    people = deployment.people(SOCKETS)
    room = people[0].room
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(chatting(process.socket_url(p.token)))
            for p in people
        ]
        subscribed = [await socket.subscribe(room) for socket in sockets]
        await asyncio.gather(*(_write(socket, room) for socket in sockets))
        heard = await asyncio.gather(*(_hear(socket) for socket in sockets))
    start = subscribed[0]["head_seq"]
    expected = list(range(start + 1, start + SOCKETS * EACH + 1))
    assert [seq for seq, _ in heard[0]] == expected
    assert all(one == heard[0] for one in heard)
    assert len({body for _, body in heard[0]}) == SOCKETS * EACH


async def _write(socket: Socket, room: str) -> None:
    for number in range(EACH):
        reply = await socket.say(room, f"{id(socket)}-{number}")
        assert reply["type"] == "reply", reply


async def _hear(socket: Socket) -> list[tuple[int, str]]:
    """The messages that this socket was sent, in order."""
    messages = await socket.hear(SOCKETS * EACH)
    # Presence may change meanwhile, but no more of the room itself may come.
    assert {frame["type"] for frame in socket.kept} <= {"presence.changed"}
    return [(message["seq"], message["body"]) for message in messages]
