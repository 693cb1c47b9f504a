"""The settings of processes under faults: the real ones, and the planted faults.

Chosen by the environment of each process: see tests/faults/planted. Nothing of this is
reachable from a process that does not name this module as its settings.
"""

import os

from backend.settings import *  # noqa: F403
from backend.settings import CHANNEL_LAYERS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.planted"]

if os.environ.get("HUBBUB_LAYER") == "lossy":
    CHANNEL_LAYERS["default"]["BACKEND"] = "tests.faults.planted.lossy.LossyLayer"
