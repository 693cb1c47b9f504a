"""The verdict of `make check` on what pip-audit and npm audit answer."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import audit

HERE = Path(__file__).parent
PROGRAM = "import sys; print({!r}); print('no network', file=sys.stderr); sys.exit({})"


Read = Callable[[str], audit.Answer]


def says(read: Read, output: str, end: int = 1) -> audit.Answer:
    """A program in the auditor's place that prints this."""
    return audit.ask([sys.executable, "-c", PROGRAM.format(output, end)], HERE, read)


FINE = {"name": "django", "version": "5.2.19", "vulns": []}
HOLE = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
SKIPPED = {"name": "y", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "found", "is_unknown"),
    [
        ([FINE], [], False),
        ([FINE, HOLE], ["x 1: PYSEC-1"], False),
        ([HOLE, SKIPPED], ["x 1: PYSEC-1"], True),
        ([SKIPPED], [], True),
        ([], [], True),
    ],
)
def test_pip_audit_finds_the_packages_with_known_holes(
    packages: list[object], found: list[str], is_unknown: bool
) -> None:
    answer = says(audit.of_pip_audit, json.dumps({"dependencies": packages}), 0)
    assert (answer.found, bool(answer.unknown)) == (found, is_unknown)


def test_npm_audit_finds_the_packages_with_known_holes() -> None:
    hole = {"vulnerabilities": {"left": {"name": "left", "severity": "high"}}}
    answer = says(audit.of_npm_audit, json.dumps(hole))
    assert (answer.found, answer.unknown) == (["left: high"], "")
    answer = says(audit.of_npm_audit, json.dumps({"vulnerabilities": {}}), 0)
    assert (answer.found, answer.unknown) == ([], "")
    nobody = {"message": "405 Method Not Allowed", "statusCode": 405}
    answer = says(audit.of_npm_audit, json.dumps(nobody))
    assert (answer.found, answer.unknown) == ([], "405 Method Not Allowed")


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "null", "{}", '{"a": 1}'])
@pytest.mark.parametrize("auditor", [audit.of_pip_audit, audit.of_npm_audit])
def test_an_answer_that_is_no_report_counts_as_unknown(
    auditor: Read, output: str
) -> None:
    answer = says(auditor, output)
    assert answer.found == []
    assert answer.unknown


def test_a_program_that_is_missing_or_silent_counts_as_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit, "SECONDS", 0.2)
    sleeper = [sys.executable, "-c", "import time; time.sleep(9)"]
    for command in (sleeper, ["/nonexistent/npm"]):
        answer = audit.ask(command, HERE, audit.of_npm_audit)
        assert answer.found == []
        assert answer.unknown


def test_a_known_hole_fails_the_check_and_a_missing_answer_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hole, fine = audit.Answer(["x 1: PYSEC-1"]), audit.Answer()
    silence = audit.Answer(unknown="no network")
    assert audit.report({"one": fine, "two": silence}) == 0
    assert "WARNING: two was not audited: no network" in capsys.readouterr().err
    assert audit.report({"one": silence, "two": hole}) == 1
    assert "two: x 1: PYSEC-1" in capsys.readouterr().out
