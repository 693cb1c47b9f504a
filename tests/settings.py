"""The settings of tests that run in this process.

They use SQLite, or PostgreSQL when TEST_ON=postgres. Tests with sockets start servers
of their own (tests/served.py), which never see this module.
"""

import atexit
import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from backend.storages import file_storage
from tests.services import postgres

_services = ExitStack()
atexit.register(_services.close)
_environment = {
    "DEBUG": "on",
    "RATE_LIMITS": "off",
    # When it is off, the tokens of guests are refused.
    "ALLOW_GUESTS": "on",
    "DATABASE_URL": "",
    # Only served processes use Redis: this process has no other to talk to.
    "REDIS_URL": "",
}
if os.environ.get("TEST_ON") == "postgres":
    _environment["DATABASE_URL"] = _services.enter_context(postgres())

with patch.dict(os.environ, _environment):
    from backend.settings import *  # noqa: F403

_files = _services.enter_context(TemporaryDirectory())
STORAGES = {**STORAGES, "default": file_storage(Path(_files))}  # noqa: F405

# Argon2 is slow on purpose, and these tests do not depend on the hasher.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
