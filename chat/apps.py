"""The chat application: rooms, members and messages. Knows no HTTP and no sockets."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ChatConfig(AppConfig):
    name = "chat"


class ChatAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.Site"
