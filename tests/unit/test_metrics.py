"""The table of metrics: no series for each person or room, and all explained."""

import re
from pathlib import Path

from django.conf import settings

from core.metrics import registry

LABELS = {
    "call",
    "cause",
    "code",
    "command",
    "method",
    "pool",
    "result",
    "route",
    "source",
    "status",
}
# prometheus_client's own, about the process and its Python.
OTHERS = ("process_", "python_")


def test_labels_are_few_and_bounded() -> None:
    """An id as a label would make a series for each, for ever."""
    used: set[str] = set()
    for collector in registry._collector_to_names:
        used |= set(getattr(collector, "_labelnames", ()))
    assert used == LABELS


def test_operations_page_explains_every_metric() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(hubbub_\w+)`", page, re.MULTILINE))
    ours = {f.name for f in registry.collect() if not f.name.startswith(OTHERS)}
    assert documented == ours
