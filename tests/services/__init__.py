"""PostgreSQL, Redis and Chromium for the tests, all from packages.

Nobody has to install anything, and nothing stays behind. `DATABASE_URL`, `REDIS_URL`
and `CHROMIUM` can name real ones instead.
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
