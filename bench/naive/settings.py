"""The baseline's settings: those of such a tutorial, with Hubbub's services."""

import os
from urllib.parse import unquote, urlsplit

SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-a-benchmark-on-loopback")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["daphne", "channels", "bench.naive"]
ROOT_URLCONF = "bench.naive.urls"
ASGI_APPLICATION = "bench.naive.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

_database = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": unquote(_database.username or ""),
        "PASSWORD": unquote(_database.password or ""),
        "HOST": unquote(_database.hostname or ""),
        "PORT": str(_database.port or ""),
    }
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The tutorials do not have these two, but redis-py 8 needs them: the
            # layer's blocking pop of 5 s meets the client's new default timeout of
            # 5 s, and sockets above its new limit of 100 connections end
            # (django/channels_redis#422).
            "hosts": [
                {
                    "address": os.environ["REDIS_URL"],
                    "socket_timeout": 15,
                    "max_connections": 10_000,
                }
            ],
            "prefix": "naive",
        },
    }
}
