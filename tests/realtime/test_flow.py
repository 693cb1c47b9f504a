"""Liveness and slow readers: unread frames must not pile up in the server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.served import ServerName
from tests.sockets import Socket, chatting

from .conftest import NewDeployment


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_client_that_never_answers_a_ping_is_closed_and_others_are_not(
    embedded: NewDeployment, server: ServerName
) -> None:
    """Traffic brings the first ping early: after 64 KiB instead of 25 s."""
    deployment = embedded(server)
    writer, mute = deployment.people(2)
    with deployment.serving() as process:
        async with (
            chatting(process.socket_url(writer.token)) as alice,
            connect(process.socket_url(mute.token), proxy=None) as silent,
        ):
            await alice.subscribe(writer.room)
            rooms = [{"room": writer.room}]
            await silent.send(
                json.dumps({"type": "subscribe", "ref": 1, "rooms": rooms})
            )
            for _ in range(30):
                await alice.say(writer.room, "x" * 4000)
            heard, _ = await asyncio.gather(_hear_all(silent), _stay(alice, 13))
            assert heard[-1]["type"] == "bye"
            assert heard[-1]["reason"] == "ping_timeout"
            assert silent.close_code == 4002
            assert "server_time" in await alice.ask(type="ping")


async def _stay(socket: Socket, seconds: int) -> None:
    """Read, and with that answer pings, as a live client does."""
    for _ in range(seconds):
        await socket.ask(type="ping")
        await asyncio.sleep(1)


async def _hear_all(socket: Any) -> list[dict[str, Any]]:
    heard = []
    try:
        async with asyncio.timeout(20):
            while True:
                heard.append(json.loads(await socket.recv()))
    except ConnectionClosed:
        return heard


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_a_client_that_stops_reading_is_closed_and_catches_up_later(
    embedded: NewDeployment, server: ServerName
) -> None:
    deployment = embedded(server)
    writer, slow = deployment.people(2)
    with deployment.serving() as process:
        async with chatting(process.socket_url(writer.token)) as alice:
            # It reads one frame at a time, so no more than its own buffers hold.
            async with connect(
                process.socket_url(slow.token), proxy=None, max_queue=1
            ) as stuck:
                rooms = [{"room": writer.room}]
                await stuck.send(
                    json.dumps({"type": "subscribe", "ref": 1, "rooms": rooms})
                )
                await asyncio.sleep(0.5)
                for _ in range(300):
                    await alice.say(writer.room, "x" * 4000)
                await _until_logged(process.log, "slow_consumer", "ping_timeout")
            async with chatting(process.socket_url(slow.token)) as back:
                caught_up = await back.subscribe(writer.room, after=290)
                assert [m["seq"] for m in caught_up["messages"]] == list(
                    range(291, 301)
                )


async def _until_logged(log: Path, *reasons: str) -> None:
    for _ in range(100):
        text = await asyncio.to_thread(log.read_text)
        if any(reason in text for reason in reasons):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"none of {reasons} in the log")
