"""Places at which a process is killed as by SIGKILL: `HUBBUB_FAILPOINT=place:count`.

The places are calls between Hubbub's own functions, and are wrapped from here: the
served code has no line for it, and nothing outside the tests can reach one.
"""

import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

import chat.log.append
import chat.log.batch
import core.bus.publisher
import realtime.writer
from chat import queries
from chat.followers import cursors


def plant(spec: str) -> None:
    """`after_insert:20` kills at the twentieth time."""
    place, _, count = spec.partition(":")
    owner, name, after = PLACES[place]
    setattr(owner, name, _killing(getattr(owner, name), int(count or 1), after=after))


def _killing(
    function: Callable[..., Any], count: int, *, after: bool
) -> Callable[..., Any]:
    calls = itertools.count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # Each call keeps its own number: while the fatal one runs, other threads make
        # theirs, and a shared number would have moved on before it returns.
        is_fatal = next(calls) == count
        if is_fatal and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if is_fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


# The call, and whether the process dies after it instead of before.
PLACES: dict[str, tuple[Any, str, bool]] = {
    "before_begin": (chat.log.append, "_in_transaction", False),
    "after_insert": (chat.log.batch.Batch, "_raise_heads", True),
    "after_commit": (core.bus.publisher, "publish", False),
    "after_publish": (realtime.writer, "settle", False),
    "during_resume": (queries.catching_up, "_answer", True),
    "after_delivery": (cursors, "save", False),
    "after_cursor": (cursors, "save", True),
}
