"""Sockets that do not read, break all at once, say nothing, come and go."""

import asyncio
import itertools
import json
import socket
import time
from contextlib import suppress
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.faults.client import Client
from tests.faults.cluster import Slot
from tests.faults.figures import delivery_seconds, percentile
from tests.faults.scenario import Promise, Scenario
from tests.faults.stage import Stage

SLOW = 50
SLOW_SECONDS = 15.0
# The deliveries of these seconds are compared with those after the stop.
BEFORE_SECONDS = 5.0
# One room at 40 KB a second and more.
BODY = "x" * 4000
MORE_MEMORY_BYTES = 50 * 1024 * 1024
CYCLES_A_SECOND = 50


async def stop_reading(stage: Stage) -> None:
    """50 stop reading in a busy room; every fifth goes on sending."""
    [slot] = stage.cluster.slots
    began = time.monotonic()
    busy = asyncio.create_task(_keep_busy(stage.clients[0]))
    await asyncio.sleep(BEFORE_SECONDS)
    before = _memory(slot)
    slow = [await _deaf(slot, stage.clients[n % 4]) for n in range(SLOW)]
    chatter = [asyncio.create_task(_go_on_sending(s)) for s in slow[::5]]
    started = time.monotonic()
    most = before
    while _is_open(slot, slow) and time.monotonic() - started < 2 * SLOW_SECONDS:
        most = max(most, _memory(slot))
        await asyncio.sleep(0.05)
    took = time.monotonic() - started
    stage.faults += SLOW
    stage.expect(took <= SLOW_SECONDS, f"slow sockets gone after {took:.1f} s")
    more = (most - before) / 1024 / 1024
    stage.remarks.append(f"gone after {took:.1f} s, {more:.0f} MiB more memory")
    stage.expect(most - before <= MORE_MEMORY_BYTES, f"{more:.0f} MiB more memory")
    _compare_the_others(stage, began, started)
    for task in (busy, *chatter):
        task.cancel()
    for connection in slow:
        connection.transport.abort()


async def _keep_busy(client: Client) -> None:
    while True:
        command = {"room": client.room, "body": BODY}
        key = f"busy-{time.monotonic_ns()}"
        await client.ask(type="message.send", client_id=key, **command)
        await asyncio.sleep(0.05)


def _compare_the_others(stage: Stage, began: float, deaf_since: float) -> None:
    """Compare how long deliveries to the others took before and since."""
    histories = [client.history for client in stage.clients]
    before = delivery_seconds(histories, since=began, until=deaf_since)
    since = delivery_seconds(histories, since=deaf_since)
    quick, slow = percentile(before, 0.99), percentile(since, 0.99)
    said = f"the others' deliveries, p99: {quick:.3f} s, then {slow:.3f} s"
    stage.remarks.append(said)
    # Smaller differences are the noise of the machine.
    stage.expect(slow <= max(2 * quick, 0.02), said)


async def _deaf(slot: Slot, client: Client) -> ClientConnection:
    """A socket that does not read; not through a proxy, which would read for it."""
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own.setblocking(False)
    await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", slot.process.port))
    url = slot.process.socket_url(client.token)
    connection = await connect(
        url, sock=own, proxy=None, compression=None, ping_interval=None
    )
    rooms = [{"room": client.room}]
    await connection.send(json.dumps({"type": "subscribe", "ref": 1, "rooms": rooms}))
    await connection.recv()
    await connection.recv()
    connection.transport.pause_reading()
    return connection


async def _go_on_sending(connection: ClientConnection) -> None:
    """Send pongs, even to pings that were never read."""
    with suppress(ConnectionClosed, OSError):
        for n in itertools.count(1):
            await connection.send(json.dumps({"type": "pong", "n": n}))
            await asyncio.sleep(0.2)


def _is_open(slot: Slot, slow: list[ClientConnection]) -> bool:
    ours = {connection.local_address[1] for connection in slow}
    return any(
        peer.status == "ESTABLISHED" and peer.raddr.port in ours
        for peer in _process(slot).net_connections("tcp")
    )


async def cut_all(stage: Stage) -> None:
    """All sockets of all processes break in one moment."""
    while stage.is_time():
        for slot in stage.cluster.slots:
            stage.faults += slot.door.cut() > 0
        await stage.wait(4, 5)


async def idle(stage: Stage) -> None:
    """Nobody writes; each is pinged and answers."""
    await asyncio.sleep(stage.seconds)
    stage.faults += 1


async def come_and_go(stage: Stage) -> None:
    """Connect, subscribe, send, close: memory and files must not grow with it."""
    [slot] = stage.cluster.slots
    people = itertools.cycle(stage.clients)
    await _cycles(slot, people, 200)
    await asyncio.sleep(7)
    memory, files = _memory(slot), _process(slot).num_fds()
    cycles = 0
    while stage.is_time():
        cycles += await _cycles(slot, people, CYCLES_A_SECOND)
    await asyncio.sleep(7)
    grown = (_memory(slot) - memory) / cycles
    more = _process(slot).num_fds() - files
    stage.faults += 1
    stage.remarks.append(f"{cycles} cycles, {grown:.0f} bytes and {more} files more")
    stage.expect(grown <= 1024, f"{grown:.0f} bytes more for each of {cycles} cycles")
    stage.expect(more <= 5, f"{more} files more after {cycles} cycles")


async def _cycles(slot: Slot, people: "itertools.cycle[Client]", count: int) -> int:
    await asyncio.gather(*(_one_cycle(slot, next(people)) for _ in range(count)))
    return count


async def _one_cycle(slot: Slot, person: Client) -> None:
    url = slot.process.socket_url(person.token)
    async with connect(url, proxy=None, compression=None) as connection:
        await connection.recv()
        commands: tuple[dict[str, Any], ...] = (
            {"type": "subscribe", "rooms": [{"room": person.room}]},
            {
                "type": "message.send",
                "room": person.room,
                "client_id": f"cycle-{time.monotonic_ns()}",
                "body": "in and out",
            },
        )
        for ref, command in enumerate(commands):
            await connection.send(json.dumps({"ref": ref, **command}))
            while json.loads(await connection.recv()).get("ref") != ref:
                pass


def _process(slot: Slot) -> psutil.Process:
    return psutil.Process(slot.process.popen.pid)


def _memory(slot: Slot) -> int:
    return int(_process(slot).memory_info().rss)


STOP_READING = Scenario(
    name="50 stop reading",
    inject=stop_reading,
    processes=1,
    rooms=1,
    promise=Promise(closes=0),
)
CUT_ALL = Scenario(
    name="1000 cut at once",
    inject=cut_all,
    clients=1000,
    rooms=100,
    pause_seconds=20,
    promise=Promise(recovery_p99=30.0),
)
IDLE = Scenario(name="idle", inject=idle, pause_seconds=30, promise=Promise(closes=0))
IDLE_ALONE = Scenario(
    name="idle, layer in memory",
    inject=idle,
    pause_seconds=30,
    processes=1,
    with_redis=False,
    promise=Promise(closes=0),
)
COME_AND_GO = Scenario(
    name="connect, send, close", inject=come_and_go, processes=1, pause_seconds=2
)
CLOCKS = Scenario(
    name="clocks 300 s apart",
    inject=idle,
    of_process={0: {"HUBBUB_CLOCK": "300"}},
    promise=Promise(closes=0, delivery=2.0, codes=frozenset()),
)
