"""Which tests stay together when two of pytest's processes share the work (`-n 2`).

What runs in this process may go anywhere. Served processes are dear to start: the tests
of one deployment stay in one place, and else those of one file.
"""

import pytest

ANYWHERE = {"unit", "api"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.parent.name
        if folder not in ANYWHERE:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    # pytest has it on tests with parameters alone.
    given = item.callspec.params if hasattr(item, "callspec") else {}
    if "deployment" in given:
        return str(given["deployment"])
    return f"{item.path.stem}-{given.get('shared', '')}"
