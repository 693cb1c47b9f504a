"""Asks pip-audit and npm audit whether a locked package has a known hole.

A finding exits with 1. A missing answer is only a warning, so that `make check` works
without a network and behind a mirror of the registries.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 15
NPM_TREES = ("frontend", "tests/services")


@dataclass(frozen=True)
class Answer:
    """An auditor's answer: `found` fails the check, `unknown` is a warning."""

    found: list[str] = field(default_factory=list)
    unknown: str = ""


def of_pip_audit(output: str) -> Answer:
    """It exits with 0 even if it could ask about no package, so count the skipped."""
    packages = json.loads(output)["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    return Answer(
        [
            f"{package['name']} {package['version']}: {hole['id']}"
            for package in packages
            for hole in package.get("vulns", [])
        ],
        f"{len(skipped)} of {len(packages)} packages are not known there"
        if skipped or not packages
        else "",
    )


def of_npm_audit(output: str) -> Answer:
    """A registry without audits answers with `message` and no list."""
    report = json.loads(output)
    if "vulnerabilities" not in report:
        return Answer(unknown=str(report.get("message", "no list in the answer")))
    return Answer(
        [
            f"{name}: {hole['severity']}"
            for name, hole in report["vulnerabilities"].items()
        ]
    )


def ask(command: list[str], folder: Path, read: Callable[[str], Answer]) -> Answer:
    """Both print JSON, and exit with 1 for a finding as well as for an error."""
    try:
        done = subprocess.run(  # noqa: S603  (our own words)
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return Answer(unknown=f"no answer in {SECONDS} s")
    except OSError as error:
        return Answer(unknown=str(error))
    try:
        return read(done.stdout)
    except (ValueError, KeyError, TypeError, AttributeError):
        said = done.stderr.strip().splitlines()
        return Answer(unknown=said[-1] if said else "no JSON in the answer")


def python_packages() -> Answer:
    """All extras: the image has them."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "requirements.txt"
        export = [".venv/bin/uv", "export", "--frozen", "--no-dev", "--all-extras"]
        subprocess.run(  # noqa: S603  (our own words)
            [*export, "--format=requirements-txt", "--quiet", f"--output-file={lock}"],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        hashed = ["--require-hashes", "--disable-pip", "-r", str(lock)]
        quiet = ["--format=json", "--progress-spinner=off", "--timeout=10"]
        command = [str(ROOT / ".venv/bin/pip-audit"), *hashed, *quiet]
        return ask(command, ROOT, of_pip_audit)


def npm_packages(tree: str) -> Answer:
    patience = ["--fetch-timeout=10000", "--fetch-retries=0"]
    return ask(["npm", "audit", "--json", *patience], ROOT / tree, of_npm_audit)


def report(answers: dict[str, Answer]) -> int:
    for name, answer in answers.items():
        for hole in answer.found:
            print(f"{name}: {hole}")
        if answer.unknown:
            print(f"WARNING: {name} was not audited: {answer.unknown}", file=sys.stderr)
        elif not answer.found:
            print(f"{name}: no known hole")
    return 1 if any(answer.found for answer in answers.values()) else 0


def main() -> int:
    with ThreadPoolExecutor() as pool:
        asked = {"uv.lock": pool.submit(python_packages)}
        for tree in NPM_TREES:
            asked[f"{tree}/package-lock.json"] = pool.submit(npm_packages, tree)
    return report({name: answer.result() for name, answer in asked.items()})


if __name__ == "__main__":
    sys.exit(main())
