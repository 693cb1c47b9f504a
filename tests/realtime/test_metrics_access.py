"""`/metrics` is read with its token alone, and not found by others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.served import Deployment, Process

from .scraping import SERVER, TOKEN, get


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    settings = {**SERVER, "METRICS_TOKEN": TOKEN}
    directory = tmp_path_factory.mktemp("metrics")
    deployment = Deployment(directory, request.param, settings=settings)
    deployment.migrate()
    with deployment.serving() as process:
        yield process


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Token {TOKEN}", TOKEN],
)
def test_the_metrics_page_is_not_found_without_its_token(
    process: Process, authorization: str | None
) -> None:
    answer = get(process, authorization)
    missing = requests.get(f"{process.url}/nothing", timeout=20)
    assert (answer.status_code, answer.text) == (404, missing.text)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_no_method_shows_strangers_that_the_metrics_page_exists(
    process: Process, method: str
) -> None:
    answers = [
        requests.request(method, f"{process.url}/{path}", timeout=20)
        for path in ("metrics", "nothing")
    ]
    there, missing = [(a.status_code, a.text, _lasting(a)) for a in answers]
    assert there == missing


def _lasting(answer: requests.Response) -> dict[str, str]:
    """The headers of the answer, without those that differ each time."""
    each_time = {"date", "x-request-id"}
    return {n: v for n, v in answer.headers.lower_items() if n not in each_time}


def test_nobody_reads_the_metrics_of_a_server_without_a_metrics_token(
    tmp_path: Path,
) -> None:
    deployment = Deployment(tmp_path, "uvicorn", settings=SERVER)
    deployment.migrate()
    with deployment.serving() as process:
        assert get(process, "Bearer ").status_code == 404
        assert get(process, None).status_code == 404
