"""Plants what the environment names, when all of Hubbub is loaded."""

import os

from django.apps import AppConfig


class PlantedConfig(AppConfig):
    name = "tests.faults.planted"

    def ready(self) -> None:
        # Here, because it imports models.
        from . import bugs, clock, failpoints, witness

        if bug := os.environ.get("HUBBUB_BUG"):
            bugs.plant(bug)
        if place := os.environ.get("HUBBUB_FAILPOINT"):
            failpoints.plant(place)
        if "HUBBUB_WITNESS" in os.environ:
            witness.stand()
        if shift := os.environ.get("HUBBUB_CLOCK"):
            clock.turn(float(shift))
