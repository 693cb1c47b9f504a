"""`python -m bench.bus`: what a packet and a message in it cost, in µs of CPU.

It starts a Redis and sends packets through the bus of this process. The costs go to
stdout as JSON, for bench/simulate.py.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import urlsplit

import django
import msgspec
import uvloop
from redis import Redis

from bench.process import cpu_seconds
from tests.services import redis_server
from tests.services.server import Server

_PACKETS = 2000
_BODY = b'{"body":"%s"}' % (b"x" * 540)
_PACKETS_PER_SECOND = 500
_SUBSCRIBERS = 20
_MANY = 100
_CHANNEL = "measured"


class Costs(msgspec.Struct, frozen=True):
    """µs of CPU. `message` is what one more message in a packet adds to it.

    `foreign_message` is its share for a process that has no socket in its room.
    """

    publish: float
    publish_message: float
    receive: float
    foreign_message: float
    redis_publish: float
    redis_subscriber: float


def main() -> None:
    with redis_server() as redis:
        os.environ |= {"REDIS_URL": redis.url, "DEBUG": "on"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "backend.settings"
        django.setup()
        costs = uvloop.run(_measure(redis))
    sys.stdout.write(msgspec.json.encode(costs).decode() + "\n")


async def _measure(redis: Server) -> Costs:
    publish = [await _publishing(size) for size in (1, _MANY)]
    receive = [await _receiving(redis, size) for size in (1, _MANY)]
    redis_costs = [_of_redis(redis, subscribers) for subscribers in (0, _SUBSCRIBERS)]
    return Costs(
        publish=publish[0],
        publish_message=(publish[1] - publish[0]) / (_MANY - 1),
        receive=receive[0],
        foreign_message=(receive[1] - receive[0]) / (_MANY - 1),
        redis_publish=redis_costs[0],
        redis_subscriber=(redis_costs[1] - redis_costs[0]) / _SUBSCRIBERS,
    )


def _packet(messages: int, origin: str) -> bytes:
    from core.bus.envelopes import Change, Packet, RoomChanged

    room, epoch = "01930000-0000-7000-8000-000000000000", "e5f0e5f0"
    changes = [Change(1, "message.created", _BODY)]
    envelopes = [RoomChanged(room, epoch, changes)] * messages
    return msgspec.msgpack.encode(Packet(origin, time.time(), list(envelopes)))


async def _publishing(messages: int) -> float:
    from core.bus import publisher
    from core.bus.envelopes import ORIGIN, open_packet

    packet = open_packet(_packet(messages, ORIGIN))

    async def publish() -> None:
        for _ in range(_PACKETS):
            await publisher.send(packet)

    return await _thread_us(publish)


async def _receiving(redis: Server, messages: int) -> float:
    """A listener with a hub that has no socket; another thread sends the packets."""
    from core.bus.listener import Listener
    from realtime.delivery.hub import Hub

    hub = Hub()
    # The hub's own tasks would listen, too.
    for task in hub._tasks:
        task.cancel()
    listening = asyncio.create_task(Listener(hub._deliver).listen())
    await asyncio.sleep(0.5)
    packet = _as_the_layer_sends(_packet(messages, "another process"))

    async def receive() -> None:
        await asyncio.to_thread(_send_evenly, redis, packet)
        await asyncio.sleep(0.2)

    cost = await _thread_us(receive)
    listening.cancel()
    return cost


def _as_the_layer_sends(packet: bytes) -> bytes:
    from core.bus import publisher

    message = {"type": "hub.packet", "packet": packet}
    data: bytes = publisher.channel_layer().serialize(message)  # type: ignore[attr-defined]
    return data


def _send_evenly(redis: Server, packet: bytes) -> None:
    with Redis.from_url(redis.url) as client:
        for _ in range(_PACKETS):
            client.publish("hubbub__group__hubs", packet)
            time.sleep(1 / _PACKETS_PER_SECOND)


async def _thread_us(work: Callable[[], Awaitable[None]]) -> float:
    """The CPU of the event loop's thread for a packet."""
    before = time.thread_time()
    await work()
    return (time.thread_time() - before) / _PACKETS * 1e6


def _of_redis(redis: Server, subscribers: int) -> float:
    """The CPU that Redis spends on a packet of ten messages."""
    packet = _packet(10, "another process")
    due = len(packet) * _PACKETS
    with ThreadPoolExecutor(subscribers + 1) as pool, Redis.from_url(redis.url) as one:
        ears = [pool.submit(_hear, redis.url, due) for _ in range(subscribers)]
        while one.pubsub_numsub(_CHANNEL)[0][1] < subscribers:
            time.sleep(0.01)
        before = cpu_seconds(redis.pid)
        for _ in range(_PACKETS):
            one.publish(_CHANNEL, packet)
        wait(ears)
        return (cpu_seconds(redis.pid) - before) / _PACKETS * 1e6


def _hear(url: str, due: int) -> None:
    """Subscribe, and read as many bytes as the packets have."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port or 0)) as line:
        line.sendall(f"SUBSCRIBE {_CHANNEL}\r\n".encode())
        heard = 0
        while heard < due:
            heard += len(line.recv(1 << 20))


if __name__ == "__main__":
    main()
