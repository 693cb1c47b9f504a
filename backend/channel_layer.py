"""The channel layer: hints between processes, through Redis when REDIS_URL is set.

The truth is in the database, so a hint that is lost or late costs time alone.
"""


def channel_layer(redis_url: str) -> dict[str, object]:
    """One entry of CHANNEL_LAYERS."""
    if not redis_url:
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    host = {
        "address": redis_url,
        # redis-py 8 waits for 5 s by default:
        # https://github.com/django/channels_redis/issues/422
        "socket_timeout": 15,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
    return {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"prefix": "hubbub", "hosts": [host]},
    }
