"""The walks of docs/architecture.md are short, real, and never go back up."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

PAGE: str = (settings.BASE_DIR / "docs" / "architecture.md").read_text()
GLOSSARY: str = (settings.BASE_DIR / "docs" / "glossary.md").read_text()
FLOORS = ("core", "accounts", "chat", "api realtime", "backend")
MOST_FILES = 8

Step = tuple[str, str]


def walk(heading: str, opening: str = "") -> list[Step]:
    """The numbered steps under a heading, as pairs of a path and a name."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    section = section.split(opening, 1)[1] if opening else section
    steps = re.findall(r"^(\d+)\. `([\w/]+\.py)`: `(\w+)`", section, re.MULTILINE)
    # A list ends where the numbers begin again.
    length = next(
        (n for n, (number, *_) in enumerate(steps) if int(number) != n + 1), len(steps)
    )
    return [(path, name) for _, path, name in steps[:length]]


def floor(path: str) -> int:
    folder = path.partition("/")[0]
    return next(n for n, names in enumerate(FLOORS) if folder in names.split())


INTO = "A message's road into the database"
WALKS = {
    "socket": walk(INTO, "Over the socket:"),
    "REST": walk(INTO, "Over REST:"),
}
OUT = walk("A message's road out to the sockets")


def test_there_are_three_walks() -> None:
    assert [len(steps) > 3 for steps in (*WALKS.values(), OUT)] == [True] * 3


@pytest.mark.parametrize(
    ("path", "name"),
    sorted({step for steps in (*WALKS.values(), OUT) for step in steps}),
)
def test_a_named_function_exists(path: str, name: str) -> None:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("opening", ["Over the socket:", "Over REST:"])
def test_a_message_passes_few_files(opening: str) -> None:
    """Those count, too, that a step names in passing."""
    section = PAGE.split(opening, 1)[1].partition("\n\n")[2].split("\n\n", 1)[0]
    assert 3 < len(set(re.findall(r"`([\w/]+\.py)`", section))) <= MOST_FILES


@pytest.mark.parametrize("door", WALKS)
def test_a_message_never_goes_back_up(door: str) -> None:
    floors = [floor(path) for path, _ in WALKS[door]]
    assert floors == sorted(floors, reverse=True)


@pytest.mark.parametrize("page", [PAGE, GLOSSARY], ids=["architecture", "glossary"])
def test_a_named_file_exists(page: str) -> None:
    named = re.findall(
        r"`((?:accounts|api|backend|chat|core|realtime|tests)/[\w/.]*)`", page
    )
    root = Path(settings.BASE_DIR)
    assert named
    assert [path for path in named if not (root / path).exists()] == []
