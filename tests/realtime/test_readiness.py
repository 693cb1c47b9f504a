"""`/readyz` knows the state of the channel layer before the first socket."""

import time
from pathlib import Path
from typing import Any

import requests

from tests.served import Deployment
from tests.services.redis_server import redis_server


def test_a_process_without_sockets_says_that_it_hears_nothing(
    tmp_path: Path, postgres_url: str
) -> None:
    with redis_server() as server:
        deployment = Deployment(tmp_path, "uvicorn", postgres_url, server.url)
        deployment.migrate()
        with deployment.serving() as process:
            url = f"{process.url}/readyz"
            assert _becomes(url, {"status": "ok"})
            server.stop()
            degraded = {"status": "degraded", "reason": "channel layer"}
            assert _becomes(url, degraded)


def _becomes(url: str, expected: dict[str, Any]) -> bool:
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        if requests.get(url, timeout=2).json() == expected:
            return True
        time.sleep(0.1)
    return False
