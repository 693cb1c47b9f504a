"""Races over the sockets of two processes, each run many times.

`RACE_ROUNDS=1000 pytest tests/realtime/test_races.py` runs as many rounds of each.
"""

import asyncio
import os
import time
from typing import Any

import pytest
from websockets.exceptions import InvalidMessage

from tests.served import Process
from tests.sockets import Socket, chatting, opened

from .accounts import new_account
from .conftest import Scene, Two

TICKETS = int(os.environ.get("RACE_ROUNDS", "40"))
BANS = int(os.environ.get("RACE_ROUNDS", "30"))
SOCKETS = 50

pytestmark = pytest.mark.timeout(600)


async def test_a_ticket_opens_one_of_fifty_sockets_at_once(
    two: Two, shared_scene: Scene
) -> None:
    for _ in range(TICKETS):
        answer = two[0].call("POST", "auth/ticket", shared_scene.bob)
        ticket = answer.json()["ticket"]
        tries = [_gets_in(two[n % 2], ticket) for n in range(SOCKETS)]
        assert sum(await asyncio.gather(*tries)) == 1


async def _gets_in(process: Process, ticket: str) -> bool:
    try:
        async with opened(process.socket_url(ticket)) as socket:
            first = await socket.receive()
    except InvalidMessage:
        # With so many at once, daphne cuts one in a few thousand before it answers.
        return False
    assert first["type"] == "hello" or first["code"] == 4500
    return bool(first["type"] == "hello")


async def test_a_message_sent_during_a_ban_is_before_it_or_refused(
    two: Two, shared_scene: Scene
) -> None:
    """No message of bob has a number above his ban, and none above it reaches him."""
    scene = shared_scene
    bob_id = two[0].call("GET", "me", scene.bob).json()["id"]
    ban = f"rooms/{scene.room}/bans/{bob_id}"
    # Above each ban and up to the next head, bob was no member.
    heads: list[int] = []
    bans: list[int] = []
    async with (
        chatting(two[0].socket_url(scene.alice)) as alice,
        chatting(two[1].socket_url(scene.bob)) as bob,
    ):
        for number in range(BANS):
            heads.append((await bob.subscribe(scene.room))["head_seq"])
            _, *sent = await asyncio.gather(
                asyncio.to_thread(two[number % 2].call, "PUT", ban, scene.alice),
                _write(bob, scene.room, 5),
                _write(alice, scene.room, 5),
            )
            banned_at = await _last_ban(alice, scene.room)
            bans.append(banned_at)
            written = [answer for answer in sent[0] if answer["type"] == "reply"]
            assert all(answer["message"]["seq"] < banned_at for answer in written)
            refused = {a["code"] for a in sent[0] if a["type"] == "error"}
            assert refused <= {"room_not_found"}
            assert two[0].call("DELETE", ban, scene.alice).ok
            assert two[0].call("POST", f"rooms/{scene.room}/join", scene.bob).ok
        await asyncio.sleep(0.5)
        await bob.ask(type="ping")
    heard = _numbers(bob.kept)
    assert heard
    away = list(zip(bans, [*heads[1:], max(heard)], strict=True))
    assert [seq for seq in heard for out, back in away if out < seq <= back] == []


async def _write(socket: Socket, room: str, count: int) -> list[dict[str, Any]]:
    return [await socket.say(room, "hello") for _ in range(count)]


async def _last_ban(alice: Socket, room: str) -> int:
    page = await alice.ask(type="history", room=room, limit=50)
    bans = [
        message["seq"]
        for message in page["messages"]
        if message.get("event", {}).get("type") == "member.banned"
    ]
    return int(bans[-1])


def _numbers(frames: list[dict[str, Any]]) -> list[int]:
    """The numbers of all messages that came as events."""
    return [
        message["seq"]
        for frame in frames
        for message in frame.get("messages", [frame.get("message")])
        if frame["type"].startswith(("message.", "room.changes"))
    ]


async def test_a_socket_opened_during_a_log_out_does_not_stay_open(two: Two) -> None:
    """It is closed even when the hint comes before the hub knows the socket."""
    for number in range(20):
        account = new_account(two[0])
        # Delays that begin before the server looks at the token and end after it.
        delay = number / 1000
        _, seconds = await asyncio.gather(
            _log_out(two[0], account.access, delay),
            _open_until_closed(two[number % 2], account.access),
        )
        assert seconds < 2


async def _log_out(process: Process, token: str, delay: float) -> None:
    await asyncio.sleep(delay)
    answer = await asyncio.to_thread(process.call, "POST", "auth/logout", token)
    assert answer.ok


async def _open_until_closed(process: Process, token: str) -> float:
    started = time.monotonic()
    async with opened(process.socket_url(token)) as socket:
        _, code = await socket.closed()
    assert code in {4500, 4501}
    return time.monotonic() - started
