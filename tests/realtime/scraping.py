"""Processes that are watched, and reading their `/metrics`."""

from dataclasses import dataclass

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.served import Person, Process

TOKEN = "a-token-of-the-test-alone"

# As on a server: while developing everybody may read it.
SERVER = {"DEBUG": "off", "ALLOWED_HOSTS": "127.0.0.1"}

Counts = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Watched:
    process: Process
    people: list[Person]


def get(process: Process, authorization: str | None) -> requests.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return requests.get(f"{process.url}/metrics", headers=headers, timeout=20)


def scraped(process: Process) -> Counts:
    """By name and the values of the labels, which come sorted by their names."""
    answer = get(process, f"Bearer {TOKEN}")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def grown(process: Process, before: Counts, name: str, labels: str = "") -> float:
    return scraped(process).get((name, labels), 0) - before.get((name, labels), 0)
