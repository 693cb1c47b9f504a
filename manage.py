#!/usr/bin/env python
"""The command line: `manage.py help` lists what there is."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
    # A server answers people who wait; a migration may take its time.
    if sys.argv[1:2] not in (["serve"], ["runserver"]):
        os.environ.setdefault("DB_TIMEOUTS", "long")
    execute_from_command_line(sys.argv)
