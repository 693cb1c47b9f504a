"""`python -m scripts.shape`: how long functions and files are, and which helpers one
place uses alone. `make check` runs it; a number above its bound fails.

A private helper that has one caller is worth its name only when it names an idea, and
a file has one concept.
"""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

FOLDERS = ("accounts", "api", "backend", "chat", "core", "realtime")
MAX_FILE_LINES = 250
MAX_P90_LINES = 15
MAX_SINGLE_USE = 0.15

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Found(NamedTuple):
    file: Path
    name: str
    lines: int
    is_single_use: bool


def tracked(*folders: str) -> list[Path]:
    """The project's Python files, without what is generated."""
    listed = subprocess.run(  # noqa: S603  (fixed arguments)
        ["git", "ls-files", "-co", "--exclude-standard", *folders],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [Path(name) for name in listed if name.endswith(".py")]
    return [p for p in paths if p.exists() and "migrations" not in p.parts]


def functions(file: Path) -> list[Found]:
    tree = ast.parse(file.read_text())
    used = Counter(_names(tree))
    return [
        Found(
            file,
            node.name,
            (node.end_lineno or node.lineno) - node.lineno + 1,
            _is_private(node.name) and used[node.name] == 1,
        )
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]


def _names(tree: ast.AST) -> list[str]:
    """Every mention of a name: as itself, or as an attribute of something."""
    return [
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    ]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def main() -> None:
    found = [one for file in tracked(*FOLDERS) for one in functions(file)]
    p90 = sorted(one.lines for one in found)[len(found) * 9 // 10]
    single = [one for one in found if one.is_single_use]
    share = len(single) / len(found)
    long = [
        (len(file.read_text().splitlines()), file)
        for file in tracked()
        if len(file.read_text().splitlines()) > MAX_FILE_LINES
    ]
    print(f"{len(found)} functions; 9 of 10 have at most {p90} lines.")
    print(f"{len(single)} private helpers ({share:.1%}) are used in one place.")
    print(f"{len(long)} files have more than {MAX_FILE_LINES} lines.")
    if "--list" in sys.argv:
        for one in single:
            print(f"  {one.file}: {one.name} ({one.lines} lines)")
        for lines, file in sorted(long, reverse=True):
            print(f"  {file}: {lines} lines")
    if p90 > MAX_P90_LINES or share > MAX_SINGLE_USE or long:
        sys.exit("The code's shape is over its bounds: --list names what.")


if __name__ == "__main__":
    main()
