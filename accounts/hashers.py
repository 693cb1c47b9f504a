"""How passwords are hashed: at a cost that slows a thief and spares the server.

Anybody may cause a hash by trying to log in, and each one takes a core and 19 MiB.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection

_turn = Lock()


class Argon2(Argon2PasswordHasher):
    """Django's, at OWASP's cost: 19 MiB, two passes, one thread.

    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    Django's default takes 100 MiB and eight threads, so that a burst of log-ins would
    occupy all cores. docs/decisions/0014 has the figures.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _in_turn():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _in_turn():
            return super().verify(password, encoded)


@contextmanager
def _in_turn() -> Iterator[None]:
    """One hash at a time in this process."""
    # The pool gives the connection to others while this thread waits for its turn.
    if not connection.in_atomic_block:
        connection.close()
    with _turn:
        yield
