"""Large bodies: the token is checked before the body is read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.urls import resolve

from api.authentication import identified
from api.exceptions import as_refusal, record_denial
from core.errors import Refusal, Unauthorized
from core.limits.table import LIMITS
from core.network import client_of, network_of

from .pools import Lease, Pool
from .turns import Turns

# A form has some bytes around its file.
MARGIN = 65_536
LARGEST = LIMITS.attachment_bytes + MARGIN
# So many of them are on the disk at once.
AT_ONCE = 48
_paths = re.compile(r"/api/v1/(?:rooms/[^/]+/(?:attachments|avatar)|me/avatar)")


class Upload:
    """A request whose body may become a large one."""

    def __init__(self, scope: Any, turns: Turns, place: Lease) -> None:
        self._scope = scope
        self._turns = turns
        self._place = place

    async def admit(self) -> None:
        """Raises what the view would answer, or that there are too many uploads."""
        network = network_of(client_of(self._scope))
        await self._turns.run(network, _check_token, self._scope)
        self._place.take(1)


class Uploads:
    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._places = Pool("uploads_at_once", AT_ONCE)

    @contextmanager
    def of(self, scope: Any) -> Iterator[Upload | None]:
        """None where nothing large is taken. What was admitted counts to the end."""
        if _paths.fullmatch(scope["path"]) is None:
            yield None
            return
        with self._places.lease(network_of(client_of(scope))) as place:
            yield Upload(scope, self._turns, place)


def _check_token(scope: Any) -> None:
    """The view checks it again: the session may end before the body is there."""
    try:
        if identified(_authorization(scope)) is None:
            raise Unauthorized
    except Refusal as refusal:
        record_denial(refusal, scope["method"], resolve(scope["path"]).route)
        raise
    except Exception as error:
        raise as_refusal(error) from None


def _authorization(scope: Any) -> bytes:
    """As Django has it, which joins what comes twice."""
    return b",".join(v for name, v in scope["headers"] if name == b"authorization")
