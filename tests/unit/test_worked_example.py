"""The diff of docs/worked-example.md applies, and the tests that it brings pass."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs" / "worked-example.md").read_text()
DIFF = PAGE.split("```diff\n", 1)[1].rsplit("```", 1)[0]
TESTS = ("tests/unit/test_waves.py", "tests/unit/test_protocol_page.py")


def run(directory: Path, *command: str, given: str | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        input=given,
        env={**os.environ, "DEBUG": "on", "PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's own files, as git has them, without what was installed."""
    listed = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
    run(
        ROOT,
        "tar",
        "--null",
        "-T-",
        "-cf",
        str(tmp_path / "a.tar"),
        given=names.decode(),
    )
    (tmp_path / "copy").mkdir()
    run(tmp_path, "tar", "-xf", "a.tar", "-C", "copy")
    return tmp_path / "copy"


@pytest.mark.timeout(180)
def test_the_example_is_a_command_that_works(copy: Path) -> None:
    run(copy, "git", "apply", "-C1", "-", given=DIFF)
    run(copy, sys.executable, "manage.py", "spectacular", "--file", "openapi.yaml")
    run(copy, sys.executable, "manage.py", "asyncapi", "--file", "asyncapi.yaml")
    run(copy, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
