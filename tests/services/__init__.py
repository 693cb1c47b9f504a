"""PostgreSQL, Redis and Chromium for the tests, all from packages.

Nothing is installed by hand and nothing stays behind. `DATABASE_URL`, `REDIS_URL` and
`CHROMIUM` name real ones instead.
"""

from .chromium import chromium
from .postgres_server import postgres, postgres_server
from .redis_server import redis, redis_server
from .server import Server

__all__ = [
    "Server",
    "chromium",
    "postgres",
    "postgres_server",
    "redis",
    "redis_server",
]
