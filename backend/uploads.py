"""Uploads: a large body is read when its token has been checked, and not before."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.urls import resolve

from api.authentication import identity_from
from api.exceptions import as_refusal, log_refusal
from core.errors import Refusal, Unauthorized
from core.limits.table import LIMITS
from core.network import client_of, network_of

from .pools import Pool, Share
from .turns import Turns

# A form has some bytes around its file.
MARGIN = 65_536
LARGEST = LIMITS.attachment_bytes + MARGIN
# Uploads that are on the disk at once, in one process.
AT_ONCE = 48
_paths = re.compile(r"/api/v1/(?:rooms/[^/]+/(?:attachments|avatar)|me/avatar)")


class Upload:
    """A request whose body may become a large one."""

    def __init__(self, scope: Any, turns: Turns, place: Share) -> None:
        self._scope = scope
        self._turns = turns
        self._place = place

    async def admit(self) -> None:
        """Raises what the view would answer, RateLimited or Busy."""
        network = network_of(client_of(self._scope))
        await self._turns.run(network, _check_token, self._scope)
        self._place.take(1)


class Uploads:
    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._places = Pool("uploads_at_once", AT_ONCE)

    @contextmanager
    def of(self, scope: Any) -> Iterator[Upload | None]:
        """None for a path that takes no large body.

        An upload that was admitted counts until the block ends.
        """
        if _paths.fullmatch(scope["path"]) is None:
            yield None
            return
        with self._places.share(network_of(client_of(scope))) as place:
            yield Upload(scope, self._turns, place)


def _check_token(scope: Any) -> None:
    """The view checks it once more: the session may end before the body is there."""
    # Joined, as Django does with a header that comes twice.
    header = b",".join(v for name, v in scope["headers"] if name == b"authorization")
    try:
        if identity_from(header) is None:
            raise Unauthorized
    except Refusal as refusal:
        log_refusal(refusal, scope["method"], resolve(scope["path"]).route)
        raise
    except Exception as error:
        raise as_refusal(error) from None
