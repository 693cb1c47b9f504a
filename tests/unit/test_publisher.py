"""The publisher sends in order, and a failing layer holds up nobody."""

import asyncio
import logging
from typing import Any

import msgspec
import pytest

from core.bus import envelopes
from core.bus.envelopes import (
    Change,
    EndSessions,
    Envelope,
    Packet,
    RoomChanged,
    ToPerson,
    open_packet,
)
from core.bus.publisher import GROUP, Publisher

ENVELOPES: list[Envelope] = [
    RoomChanged(
        "r1",
        "e5f0",
        [Change(1, "message.created", b"{}"), Change(2, None, b"{}", "u1")],
    ),
    ToPerson("u1", "{}"),
    EndSessions("u1", "s1", 1),
    EndSessions("u1", None, 2),
]


class Layer:
    """A channel layer that remembers what it was sent, or fails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.broken = False

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionError("no layer")
        self.sent.append((group, message))


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Layer:
    layer = Layer()
    monkeypatch.setattr("core.bus.publisher.channel_layer", lambda: layer)
    return layer


async def published_and_flushed(
    publisher: Publisher, envelopes: list[Envelope]
) -> None:
    publisher.publish(envelopes)
    await asyncio.sleep(0)
    await publisher.flush()


async def test_envelopes_that_wait_go_to_the_hubs_in_one_packet(layer: Layer) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    await published_and_flushed(publisher, ENVELOPES)
    [(group, message)] = layer.sent
    assert (group, message["type"]) == (GROUP, "hub.packet")


async def test_many_envelopes_are_split_into_packets_of_limited_size(
    layer: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    await published_and_flushed(publisher, ENVELOPES * 200)
    monkeypatch.setattr(envelopes, "ORIGIN", "another process")
    opened = [open_packet(message["packet"]).envelopes for _, message in layer.sent]
    assert max(len(envelopes) for envelopes in opened) <= 500
    assert [envelope for envelopes in opened for envelope in envelopes] == (
        ENVELOPES * 200
    )


async def test_a_flush_waits_for_none_of_those_that_come_later(layer: Layer) -> None:
    """A process that stops is published to until its last moment."""
    publisher = Publisher(asyncio.get_running_loop())

    async def publish_for_ever() -> None:
        while True:
            publisher.publish(ENVELOPES)
            await asyncio.sleep(0.001)

    publishing = asyncio.create_task(publish_for_ever())
    try:
        await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            await publisher.flush()
    finally:
        publishing.cancel()
    assert layer.sent


async def test_envelopes_soon_after_a_packet_wait_for_company(
    layer: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.bus.publisher.PAUSE_SECONDS", 0.3)
    delivered: list[Packet] = []
    publisher = Publisher(asyncio.get_running_loop(), delivered.append)
    for envelope in ENVELOPES:
        publisher.publish([envelope])
        # Each time a few turns of the loop, in which a packet without a pause goes out.
        for _ in range(5):
            await asyncio.sleep(0)
    assert len(delivered) == len(ENVELOPES)
    await publisher.flush()
    monkeypatch.setattr(envelopes, "ORIGIN", "another process")
    opened = [open_packet(message["packet"]).envelopes for _, message in layer.sent]
    assert opened == [ENVELOPES[:1], ENVELOPES[1:]]


async def test_another_process_decodes_a_packet_as_it_was_sent(
    layer: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    await published_and_flushed(publisher, ENVELOPES)
    monkeypatch.setattr(envelopes, "ORIGIN", "another process")
    [(_, message)] = layer.sent
    packet = open_packet(message["packet"])
    assert packet.envelopes == ENVELOPES
    assert not packet.is_own


async def test_a_process_knows_its_own_packets(layer: Layer) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    await published_and_flushed(publisher, ENVELOPES)
    [(_, message)] = layer.sent
    assert open_packet(message["packet"]).is_own


async def test_the_own_hub_gets_envelopes_even_when_the_layer_is_broken(
    layer: Layer,
) -> None:
    delivered: list[Packet] = []
    layer.broken = True
    publisher = Publisher(asyncio.get_running_loop(), delivered.append)
    await published_and_flushed(publisher, ENVELOPES)
    assert [packet.envelopes for packet in delivered] == [ENVELOPES]


async def test_a_layer_that_fails_is_logged_and_gets_the_next_packet(
    layer: Layer, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    layer.broken = True
    with caplog.at_level(logging.WARNING, "core.bus.publisher"):
        await published_and_flushed(publisher, ENVELOPES[:1])
    assert "ConnectionError" in caplog.text
    layer.broken = False
    await published_and_flushed(publisher, ENVELOPES[1:2])
    assert len(layer.sent) == 1


async def test_any_thread_may_publish(layer: Layer) -> None:
    publisher = Publisher(asyncio.get_running_loop())
    await asyncio.to_thread(publisher.publish, ENVELOPES)
    await asyncio.sleep(0)
    await publisher.flush()
    assert len(layer.sent) == 1


@pytest.mark.parametrize("packet", [b"", b"\x00", b"\x92\x01\x02", b"nonsense"])
def test_bytes_that_are_no_packet_are_refused(packet: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        open_packet(packet)
