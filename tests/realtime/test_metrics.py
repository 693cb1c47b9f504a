"""`/metrics` counts the events of real sockets."""

import asyncio
import secrets
from collections.abc import Iterator
from http import HTTPStatus
from typing import get_args

import pytest
from django.urls import URLResolver, get_resolver
from prometheus_client.parser import text_string_to_metric_families

from core.errors import Refusal
from realtime.protocol.close_codes import CloseCode
from realtime.protocol.commands import Asking
from tests.served import Deployment, Process
from tests.sockets import Socket, chatting, opened

from .conftest import Scene, new_scene
from .scraping import SERVER, TOKEN, Watched, get, grown, scraped


def every(cls: type[Refusal]) -> Iterator[type[Refusal]]:
    yield cls
    for child in cls.__subclasses__():
        yield from every(child)


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """The patterns of all addresses, as in the label of a request."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


# All values that a label may have.
ALLOWED: dict[str, set[str]] = {
    "source": {"here", "elsewhere"},
    "cause": {"gap", "head", "held", "epoch"},
    "result": {"new", "recovered", "reset", "refused"},
    "method": {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"},
    "route": {"none", *routes(get_resolver())},
    "status": {str(status.value) for status in HTTPStatus},
    "pool": {"readers", "requests", "writer"},
    "call": {"admit", "heads", "catch_up"},
    "command": {str(command.__struct_config__.tag) for command in get_args(Asking)}
    | {"none"},
    "code": {"ok", "client"}
    | {str(code.value) for code in CloseCode}
    | {refusal.code for refusal in every(Refusal)},
}


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    deployment = Deployment(tmp_path_factory.mktemp("watched"), request.param)
    deployment.migrate()
    people = deployment.people(3)
    deployment.settings |= {**SERVER, "METRICS_TOKEN": TOKEN}
    with deployment.serving() as process:
        yield Watched(process, people)


@pytest.fixture
def scene(watched: Watched) -> Scene:
    return new_scene(watched.process, *(person.token for person in watched.people))


@pytest.fixture
def process(watched: Watched) -> Process:
    return watched.process


async def test_a_message_to_three_sockets(process: Process, scene: Scene) -> None:
    before = scraped(process)
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as phone,
        chatting(process.socket_url(scene.bob)) as laptop,
    ):
        for socket in (alice, phone, laptop):
            await socket.subscribe(scene.room)
        assert grown(process, before, "hubbub_connections") == 3
        assert (await alice.say(scene.room, "hello"))["type"] == "reply"
        for socket in (alice, phone, laptop):
            await socket.hear(1)
        for name, labels, by in (
            ("hubbub_deliveries_total", "", 3),
            ("hubbub_commands_total", "ok,message.send", 1),
            ("hubbub_commands_total", "ok,subscribe", 3),
            ("hubbub_resumes_total", "new", 3),
            ("hubbub_writer_batch_messages_count", "", 1),
            ("hubbub_writer_batch_messages_sum", "", 1),
            ("hubbub_writer_wait_seconds_count", "", 1),
            ("hubbub_commit_to_frame_seconds_count", "here", 1),
            ("hubbub_database_wait_seconds_count", "writer", 1),
        ):
            assert grown(process, before, name, labels) == by, name
    await asyncio.sleep(0.3)
    assert grown(process, before, "hubbub_connections") == 0
    assert grown(process, before, "hubbub_closes_total", "client") == 3


async def test_refusals_and_closes_are_counted_by_their_code(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)
    async with chatting(process.socket_url(scene.charlie)) as socket:
        await socket.say(scene.room, "may I?")
        await socket.connection.send("{}")
        await socket.until(lambda frame: frame["type"] == "error")
        answer = await asyncio.to_thread(
            process.call, "POST", "auth/logout", scene.charlie
        )
        assert answer.ok
        assert (await socket.closed())[1] == 4501
    async with opened(process.socket_url("no-token")) as socket:
        assert (await socket.closed())[1] == 4500
    await asyncio.sleep(0.1)
    for name, labels in (
        ("hubbub_commands_total", "forbidden,message.send"),
        ("hubbub_commands_total", "invalid,none"),
        ("hubbub_closes_total", "4501"),
        ("hubbub_closes_total", "4500"),
    ):
        assert grown(process, before, name, labels) == 1, labels


async def _say_many(socket: Socket, room: str, key: str, count: int) -> None:
    command = {"type": "message.send", "room": room, "body": "x" * 4000}
    refs = [
        await socket.send(**command, client_id=f"{key}-{number}")
        for number in range(count)
    ]
    for ref in refs:
        await socket.until(lambda frame, ref=ref: frame.get("ref") == ref)


async def test_a_client_that_reads_too_slowly_is_counted(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)
    async with (
        chatting(process.socket_url(scene.alice)) as alice,
        chatting(process.socket_url(scene.bob)) as stuck,
    ):
        await stuck.subscribe(scene.room)
        # No ping is answered from here on: a MiB is more than may be unread. Many at
        # once, or it is closed for the ping, after 10 s.
        for part in range(10):
            await _say_many(alice, scene.room, f"part-{part}", 30)
    assert grown(process, before, "hubbub_closes_total", "4001") == 1


async def test_labels_come_from_a_closed_list(process: Process, scene: Scene) -> None:
    """A name that a client makes up never becomes a series."""
    made_up = secrets.token_hex(4)
    async with chatting(process.socket_url(scene.alice)) as socket:
        await socket.ask(type=made_up)
        await socket.ask(type="subscribe", rooms=[{"room": made_up}])
        await socket.say(made_up, made_up)
    await asyncio.to_thread(process.call, "GET", f"rooms/{made_up}", scene.alice)
    await asyncio.to_thread(process.call, made_up.upper(), made_up)
    answer = get(process, f"Bearer {TOKEN}").text
    assert made_up not in answer.lower()
    for family in text_string_to_metric_families(answer):
        for sample in family.samples:
            for label, value in sample.labels.items():
                if family.name.startswith("hubbub_") and label != "le":
                    assert value in ALLOWED[label], (family.name, label, value)


async def test_resumes_are_counted_by_their_result(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)
    async with chatting(process.socket_url(scene.bob)) as socket:
        reply = await socket.subscribe(scene.room)
        epoch = reply["epoch"]
        await socket.subscribe(scene.room, after=1, epoch=epoch)
        await socket.subscribe(scene.room, after=1, epoch="another")
        await socket.subscribe("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    for result in ("new", "recovered", "reset", "refused"):
        assert grown(process, before, "hubbub_resumes_total", result) == 1, result


async def test_the_delays_of_the_loop_and_the_layer_are_measured(
    process: Process, scene: Scene
) -> None:
    # Under daphne a process has no hub before its first socket.
    async with chatting(process.socket_url(scene.alice)):
        before = scraped(process)
        await asyncio.sleep(1.5)
    assert 2 <= grown(process, before, "hubbub_event_loop_lag_seconds_count") <= 8
    assert grown(process, before, "hubbub_layer_probe_seconds_count") >= 2
    assert scraped(process)["hubbub_layer_silent_seconds", ""] < 1
