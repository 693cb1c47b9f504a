"""The settings of tests that run in this process.

SQLite, or PostgreSQL when TEST_ON=postgres. Tests with sockets start servers of their
own (tests/served.py), which never see this module.
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
    # Or the guests of these tests would be refused like those of an earlier setting.
    "ALLOW_GUESTS": "on",
    "DATABASE_URL": "",
    # Redis belongs to the served processes; in this one there is nobody to talk to.
    "REDIS_URL": "",
}
if os.environ.get("TEST_ON") == "postgres":
    _environment["DATABASE_URL"] = _services.enter_context(postgres())

with patch.dict(os.environ, _environment):
    from backend.settings import *  # noqa: F403

_files = _services.enter_context(TemporaryDirectory())
STORAGES = {**STORAGES, "default": file_storage(Path(_files))}  # noqa: F405

# Argon2 is slow on purpose; here only what it protects is tested.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
