"""Keeps tests together when several of pytest's processes share the work.

It works with `--dist loadscope` (scripts/test). Starting a served process is expensive,
and so is the image. So all tests of one shared deployment run in one process, and all
other tests of a file do, too. xdist's own marks for this (`loadgroup`) do nothing under
pytest 9.2.
"""

import re

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# The parameter of the fixtures `deployment`, `shared` and the like.
_SERVER = re.compile(r"\[((?:uvicorn|daphne)(?:-(?:sqlite|postgres))?)")


class OneDeployment(LoadScopeScheduling):  # type: ignore[misc]  # published untyped
    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if file.startswith("tests/deploy/"):
            return "the image"
        server = _SERVER.search(test)
        if server is None:
            return file
        is_shared = "-" in server[1]
        return server[1] if is_shared else f"{file} {server[1]}"


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> OneDeployment | None:
    """None for the lanes whose tests any process may take."""
    if config.getvalue("dist") != "loadscope":
        return None
    return OneDeployment(config, log)
