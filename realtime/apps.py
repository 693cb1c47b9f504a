"""The realtime application: the WebSocket door."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"
