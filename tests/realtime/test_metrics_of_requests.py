"""`/metrics` of HTTP: requests by method, route and status, and their wait."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest
import requests

from tests.served import Deployment, Process

from .conftest import Scene, new_scene
from .scraping import SERVER, TOKEN, Watched, grown, scraped


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


async def test_requests_are_counted_by_method_route_and_status(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)

    def ask() -> None:
        process.call("GET", f"rooms/{scene.room}", scene.alice)
        process.call("GET", f"rooms/{scene.room}", scene.bob)
        process.call("GET", "rooms/nowhere", scene.alice)
        process.call("DELETE", f"rooms/{scene.room}")
        process.call("POST", "auth/login")
        process.call("GET", f"nowhere/{secrets.token_hex(4)}")
        requests.get(f"{process.url}/{secrets.token_hex(4)}", timeout=20)
        requests.request("PROPFIND", f"{process.url}/healthz", timeout=20)

    await asyncio.to_thread(ask)
    room = "/api/v1/rooms/<str:room_id>"
    for labels, times in (
        (f"GET,{room},200", 2),
        (f"GET,{room},404", 1),
        (f"DELETE,{room},401", 1),
        ("POST,/api/v1/auth/login,400", 1),
        ("GET,/api/v1/<path:address>,404", 1),
        ("GET,none,404", 1),
        ("other,/healthz,403", 1),
    ):
        assert grown(process, before, "hubbub_requests_total", labels) == times, labels


async def test_a_body_that_is_refused_unread_is_counted_once(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)
    body = {"client_id": "1", "body": "x" * 100_000}
    path = f"rooms/{scene.room}/messages"
    answer = await asyncio.to_thread(process.call, "POST", path, scene.alice, body)
    assert answer.status_code == 413
    counted = scraped(process)
    new = {
        labels: value - before.get((name, labels), 0)
        for (name, labels), value in counted.items()
        if name == "hubbub_requests_total" and labels.startswith("POST")
    }
    assert {labels: times for labels, times in new.items() if times} == {
        "POST,none,413": 1
    }


async def test_the_wait_for_a_thread_is_measured_for_each_request_but_healthz(
    process: Process, scene: Scene
) -> None:
    before = scraped(process)
    for path in ("healthz", "readyz", "readyz"):
        await asyncio.to_thread(requests.get, f"{process.url}/{path}", timeout=20)
    # The scrape itself has waited for its turn, too.
    name = "hubbub_request_wait_seconds_count"
    assert grown(process, before, name) == 3
