"""A process whose clock is wrong, for Hubbub and for its tokens alike.

The system's own clock cannot be turned for one process alone without a library that is
no package; what reads it is replaced instead.
"""

from datetime import UTC, datetime, timedelta

import jwt.api_jwt
import rest_framework_simplejwt.tokens
from django.utils import timezone


def turn(seconds: float) -> None:
    shift = timedelta(seconds=seconds)

    class Turned(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + shift

    def now() -> datetime:
        return datetime.now(UTC) + shift

    timezone.now = now
    jwt.api_jwt.datetime = Turned  # type: ignore[attr-defined]
    rest_framework_simplejwt.tokens.aware_utcnow = now  # type: ignore[attr-defined]
