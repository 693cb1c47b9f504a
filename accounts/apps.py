"""The accounts application: people, their sessions and their tokens."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)


class SiteConfig(AdminConfig):
    """django.contrib.admin with our own log-in."""

    default_site = "accounts.admin_site.Site"
