"""The chat application: rooms, members and messages. Knows no HTTP and no sockets."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
