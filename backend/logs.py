"""Logging: to standard error, one line for each record, without secrets.

The text of an exception may hold what people wrote: PostgreSQL quotes the row, others
quote the value. So only its class, its SQLSTATE and the lines that it went through are
logged. Libraries log frames and queries, so only their warnings are.
"""

import json
import logging
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from pythonjsonlogger.json import JsonFormatter

_OURS = ("accounts", "api", "backend", "chat", "core", "realtime")
_ROOT = f"{Path(__file__).resolve().parent.parent}/"
# Further causes of an exception are left out.
_MAX_CAUSES = 5

_ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)


def logging_of(level: str, form: str) -> dict[str, Any]:
    """LOGGING for the settings."""
    levels = logging.getLevelNamesMapping()
    is_quieter = levels.get(level, 0) > logging.WARNING
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "backend.logs.LineFormatter"},
            "json": {"()": "backend.logs.EventFormatter"},
        },
        "filters": {
            "foreign": {"()": "backend.logs.ForeignTexts"},
            "repeated": {"()": "backend.logs.RepeatedWarnings"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": form,
                "filters": ["foreign", "repeated"],
            },
            "refusals": {"class": "backend.logs.Refusals"},
        },
        "root": {"handlers": ["stderr"], "level": level if is_quieter else "WARNING"},
        "loggers": {
            **{name: {"level": level} for name in _OURS},
            # The audit log, whatever LOG_LEVEL says.
            "core.audit": {"level": "INFO"},
            "django": {"handlers": [], "propagate": True, "level": "WARNING"},
            # A line for each refused request would bury what matters.
            "django.request": {"level": "ERROR"},
            # Its records hold the host or origin that the client sent.
            "django.security": {"handlers": ["refusals"], "propagate": False},
            # runserver's lines of requests: a path may hold the code of an invitation.
            "django.channels.server": {"level": "CRITICAL"},
        },
    }


def described(error: BaseException) -> str:
    """`IntegrityError 23505 at chat/log/append.py:8 from UniqueViolation 23505 ..."""
    told, seen = [], set[int]()
    found: BaseException | None = error
    while found is not None and id(found) not in seen and len(seen) < _MAX_CAUSES:
        seen.add(id(found))
        told.append(_one(found))
        hidden = None if found.__suppress_context__ else found.__context__
        found = found.__cause__ or hidden
    return " from ".join(told)


def _one(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None)
    name = type(error).__name__ + (f" {state}" if state else "")
    places, entry = [], error.__traceback__
    while entry is not None:
        file = entry.tb_frame.f_code.co_filename
        file = file.rpartition("site-packages/")[2].removeprefix(_ROOT)
        places.append(f"{file}:{entry.tb_lineno}")
        entry = entry.tb_next
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    told = "".join(f" [{described(one)}]" for one in inner[:_MAX_CAUSES])
    return f"{name} at {' '.join(places) or 'nowhere'}{told}"


class _Terse(logging.Formatter):
    """Leaves out the text of exceptions, whichever logger has them."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  (logging's name)
        return "" if ei[1] is None else described(ei[1])

    def formatStack(self, stack_info: str) -> str:  # noqa: N802  (logging's name)
        return ""

    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have stored the whole traceback there.
        record.exc_text = None
        line = super().format(record)
        record.exc_text = None
        return line


class LineFormatter(_Terse):
    """For people: each record is one line, whatever it holds."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record).rstrip().replace("\n", " | ")
        return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


class EventFormatter(_Terse, JsonFormatter):
    """For machines: a JSON object on each line."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
        )


class Refusals(logging.Handler):
    """Makes audit events of the requests that Django refuses before a view.

    Only the kind of refusal is logged: `csrf`, or the name of the exception.
    """

    def emit(self, record: logging.LogRecord) -> None:
        # Imported late, since Django sets up logging before its applications.
        from core.audit import Event, record_refusal

        record_refusal(Event.ACCESS_REFUSED, code=record.name.rpartition(".")[2])


class RepeatedWarnings(logging.Filter):
    """Logs each warning of a library once in ten seconds, whatever its text.

    Anybody can cause some of them, for example with a request that is no HTTP.
    """

    SECONDS = 10.0

    def __init__(self) -> None:
        super().__init__()
        # By the line of code that logs it, so that the table stays small.
        self._said_at: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING or record.name.startswith(_OURS):
            return True
        place = record.pathname, record.lineno
        is_new = record.created - self._said_at.get(place, 0) >= self.SECONDS
        if is_new:
            self._said_at[place] = record.created
        return is_new


class ForeignTexts(logging.Filter):
    """Removes people's text from the messages of libraries."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "asyncio":
            # The lines after the first hold reprs of tasks and arguments.
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        elif record.name.startswith("daphne") and record.levelno == logging.ERROR:
            lines = record.getMessage().splitlines()
            frames = [s for s in lines if s.startswith('  File "') and ", line " in s]
            start = str(record.msg).partition(":")[0].partition("\n")[0]
            record.msg, record.args = "".join([start, *frames]), None
        elif record.name == "django.request":
            # "Internal Server Error: /path", and the request with its whole URL.
            record.msg, record.args = record.getMessage().partition(":")[0], None
            record.__dict__.pop("request", None)
        return True
